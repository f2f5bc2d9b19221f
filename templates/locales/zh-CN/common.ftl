### 页面和邮件共用的文字：时间和浏览器名称。

date-time = { $year }年{ $month }月{ $day }日 { $clock } UTC
clock-time = { $clock } UTC
browser = { $kind ->
    [browser_and_system] { $system } 上的 { $name }
    [browser] { $name }
   *[unknown] 未知浏览器
}
