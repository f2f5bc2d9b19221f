### What pages and mails share: times, and names of browsers.
###
### Each message can be overridden by one of the same name in the operator's templates folder, in
### locales/{language}/common.ftl, pages.ftl or mails.ftl there. What a message is given stands in its English form.

# An instant: "20 November 2026, 19:30 UTC". $clock is its clock time, "19:30".
date-time = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $clock } UTC

# A clock time: "19:30 UTC".
clock-time = { $clock } UTC

# A browser. $kind tells what is known of it.
browser = { $kind ->
    [browser_and_system] { $name } on { $system }
    [browser] { $name }
   *[unknown] an unknown browser
}
