### Lo que comparten páginas y correos: horas y nombres de navegadores.

date-time = { $day } de { $month ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
} de { $year }, { $clock } UTC
clock-time = { $clock } UTC
browser = { $kind ->
    [browser_and_system] { $name } en { $system }
    [browser] { $name }
   *[unknown] un navegador desconocido
}
