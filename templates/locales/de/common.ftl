### Was Seiten und Mails gemeinsam haben: Zeiten und Namen von Browsern.

date-time = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }, { $clock } UTC
clock-time = { $clock } UTC
browser = { $kind ->
    [browser_and_system] { $name } unter { $system }
    [browser] { $name }
   *[unknown] ein unbekannter Browser
}
