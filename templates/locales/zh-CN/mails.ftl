### 邮件的文字。

## 所有邮件

who-time = 时间
who-address = 地址
who-browser = 浏览器
fact = { $name }：{ $value }
not-you = 不是您本人？
was-you = 是您本人？
nothing-to-do = 那么您无需采取任何行动。
minutes = { $count ->
    [0] 不到一分钟
   *[other] { $count } 分钟
}

## 用于登录的验证码和链接

asked-title = 请求来源
code-subject = 您登录 { $site } 的验证码
code-title = 您的登录验证码
code-preview = 打开此邮件即可看到登录 { $site } 的验证码。有效期至 { $time }。
code-type-it = 请在您正在登录 { $site } 的地方输入。
code-intro = 以下是您的登录验证码。请在您正在登录 { $site } 的地方输入。请勿告诉任何人：永远不会有人要求您念出或转发它。
code-or-link = 或者在您正在登录的浏览器中{ $link }。
code-or-link-words = 打开此链接
code-or-link-text = 或者在您正在登录的浏览器中打开此链接：
code-one-works = 两者任选其一，只能使用一次，{ $span }内有效：有效期至 { $time }。
code-never = 永远不会有人要求您念出验证码或转发此邮件。
link-subject = 您登录 { $site } 的链接
link-title = 您的登录链接
link-preview = 打开此邮件即可看到登录 { $site } 的链接。有效期至 { $time }。
link-open-it = 请在您正在登录 { $site } 的浏览器中打开。
link-button = 登录 { $site }
link-intro = 以下是您的登录链接。请在您正在登录 { $site } 的浏览器中打开。请勿告诉任何人：永远不会有人要求您转发它。
link-works = 只能使用一次，{ $span }内有效：有效期至 { $time }。
link-no-code = 此邮件不含验证码：您的账户被输入了过多错误的验证码，因此暂时只有链接有效。
link-never = 永远不会有人要求您转发此邮件。
not-you-code = 那么有人知道您的密码。请勿将验证码和链接告诉任何人，请更改密码，并告知 { $name } 的管理员。
not-you-link = 那么有人知道您的密码。请勿将链接告诉任何人，请更改密码，并告知 { $name } 的管理员。
not-you-code-passwordless = 那么有人输入了您的用户名或地址。没有此邮件，对方无法登录，因此您无需采取任何行动。请勿将验证码和链接告诉任何人。
not-you-link-passwordless = 那么有人输入了您的用户名或地址。没有此邮件，对方无法登录，因此您无需采取任何行动。请勿将链接告诉任何人。
why = 发送此邮件是因为有人用您的密码登录 { $origin }。
why-passwordless = 发送此邮件是因为有人请求用您的用户名或地址登录 { $origin }。

## 用于其他事项的验证码和链接

confirm-subject-sign_up = 请确认您在 { $site } 的地址
confirm-subject-reset = 为 { $site } 设置新密码
confirm-subject-email_change = 请确认您在 { $site } 的新地址
confirm-subject-second_step_on = 在 { $site } 开启两步验证
confirm-subject-second_step_off = 在 { $site } 关闭两步验证
confirm-for-sign_up = 您可以用它证明此地址属于您。
confirm-for-reset = 您可以用它设置新密码。
confirm-for-email_change = 您可以用它在此地址接收账户邮件。
confirm-for-second_step_on = 您可以用它开启两步验证。
confirm-for-second_step_off = 您可以用它关闭两步验证。
confirm-code-title = 您的验证码
confirm-code-preview = 打开此邮件即可看到您在 { $site } 的验证码。有效期至 { $time }。
confirm-code-type-it = 请在您在 { $site } 请求它的地方输入。
confirm-code-intro = 以下是您在 { $site } 的验证码。{ $use }请在您请求它的地方输入。请勿告诉任何人：永远不会有人要求您念出或转发它。
confirm-code-or-link = 或者在您请求它的浏览器中{ $link }。
confirm-code-or-link-text = 或者在您请求它的浏览器中打开此链接：
confirm-link-title = 您的链接
confirm-link-preview = 打开此邮件即可看到您在 { $site } 的链接。有效期至 { $time }。
confirm-link-open-it = 请在您在 { $site } 请求它的浏览器中打开。
confirm-link-button = 在 { $site } 继续
confirm-link-intro = 以下是您在 { $site } 的链接。{ $use }请在您请求它的浏览器中打开。请勿告诉任何人：永远不会有人要求您转发它。
confirm-link-no-code = 此邮件不含验证码：错误的验证码输入过多，因此暂时只有链接有效。
confirm-not-you-code-sign_up = 那么有人输入了您的地址。没有此邮件，对方无法使用该地址，因此您无需采取任何行动。请勿将验证码和链接告诉任何人。
confirm-not-you-code-email_change = 那么有人输入了您的地址。没有此邮件，对方无法使用该地址，因此您无需采取任何行动。请勿将验证码和链接告诉任何人。
confirm-not-you-code-reset = 那么有人输入了您的用户名或地址。没有此邮件，对方无法更改您的密码，因此您无需采取任何行动。请勿将验证码和链接告诉任何人。
confirm-not-you-code-second_step_on = 那么有人登录了您的账户。请勿将验证码和链接告诉任何人，请更改密码，并告知 { $name } 的管理员。
confirm-not-you-code-second_step_off = 那么有人登录了您的账户。请勿将验证码和链接告诉任何人，请更改密码，并告知 { $name } 的管理员。
confirm-not-you-link-sign_up = 那么有人输入了您的地址。没有此邮件，对方无法使用该地址，因此您无需采取任何行动。请勿将链接告诉任何人。
confirm-not-you-link-email_change = 那么有人输入了您的地址。没有此邮件，对方无法使用该地址，因此您无需采取任何行动。请勿将链接告诉任何人。
confirm-not-you-link-reset = 那么有人输入了您的用户名或地址。没有此邮件，对方无法更改您的密码，因此您无需采取任何行动。请勿将链接告诉任何人。
confirm-not-you-link-second_step_on = 那么有人登录了您的账户。请勿将链接告诉任何人，请更改密码，并告知 { $name } 的管理员。
confirm-not-you-link-second_step_off = 那么有人登录了您的账户。请勿将链接告诉任何人，请更改密码，并告知 { $name } 的管理员。
confirm-why = 发送此邮件是因为有人在 { $origin } 提出了请求。

## 错误的验证码过多

spent-subject = 您在 { $site } 的账户被输入了过多错误的验证码
spent-title = 错误的验证码过多
spent-preview = 没有人登录成功。您仍可通过邮件中的链接登录。
spent-what = 您在 { $site } 的账户被输入的错误登录验证码超过了我们允许的次数。错误的验证码不会让任何人登录。
spent-until = 在 { $time } 之前，只接受来自您以前登录过的浏览器的验证码。在其他浏览器中，请照常登录，并打开您收到的邮件中的链接。
spent-who = 最近一次错误的验证码
spent-not-you = 如果您用密码登录，请更改密码：输入验证码的人可能知道它。然后请告知 { $name } 的管理员。
spent-why = 发送此邮件是因为您在 { $origin } 的账户被输入了错误的验证码。我们只通知一次，不会每次都通知。

## 密码正确，验证码错误

wrong-code-subject = 您在 { $site } 的账户被输入了错误的验证码
wrong-code-title = 密码正确，验证码错误
wrong-code-preview = 此前输入的密码是正确的。如果不是您本人，请更改密码。
wrong-code-what = 有人在 { $site } 输入了您的密码，随后输入了错误的验证码。错误的验证码不会让任何人登录。
wrong-code-who = 由谁输入
wrong-code-not-you = 那么有人知道您的密码。请立即更改，并在其他使用同一密码的地方也更改。然后请告知 { $name } 的管理员。
wrong-code-why = 发送此邮件是因为您在 { $origin } 的账户被输入了错误的验证码。

## 多次错误的密码

passwords-subject = 您在 { $site } 的账户被输入了错误的密码
passwords-title = 多次错误的密码
passwords-preview = 没有人因此登录成功。您以前登录过的浏览器照常可用。
passwords-what = 您在 { $site } 的账户被多次输入错误的密码。没有人因此登录成功。
passwords-wait = 您的账户不认识的浏览器现在每次尝试之间必须等待。您以前登录过的浏览器照常可用。
passwords-who = 最近一次错误的密码
passwords-not-you = 如果没有其他人知道或能猜到您的密码，而且您没有在其他地方使用它，则无需采取任何行动。如有疑虑，请更改密码。
passwords-why = 发送此邮件是因为您在 { $origin } 的账户被输入了错误的密码。我们不会每次都通知。

## 被复制的 Cookie

stolen-subject = 您在 { $site } 的账户移除了一个受信任的浏览器
stolen-title = 已移除一个受信任的浏览器
stolen-preview = 它的 Cookie 可能已被复制。它已退出登录，不再受信任；请更改密码。
stolen-what = 您曾在 { $site } 信任浏览器“{ $device }”，因此那里不要求输入验证码。现在有人使用了其 Cookie 的旧副本：可能有人从您的电脑上复制了它。
stolen-done = 为安全起见，它已退出登录，不再受信任。
stolen-who = 由谁使用副本
stolen-to-do = 您应该做什么
stolen-change = 请重新登录并更改密码。请检查那台电脑上是否有您不认识的程序和浏览器扩展。然后请告知 { $name } 的管理员。
stolen-backup = 如果您刚刚从备份恢复了此浏览器，那就是原因，重新登录即可。
stolen-why = 发送此邮件是因为您在 { $origin } 的账户移除了一个受信任的浏览器。

## The refresh token of a program, used twice

reused-subject = 您在 { $site } 的账户上有一个程序已退出登录
reused-title = 一个程序已退出登录
reused-preview = 可能有人持有其密钥的副本。请更改密码。
reused-what = “{ $program }”曾在 { $site } 登录您的账户。它用来保持登录的密钥被使用了两次：可能有人持有其副本。
reused-done = 为安全起见，该登录已结束，无论由谁使用。
reused-who = 由谁再次使用
reused-to-do = 您应该做什么
reused-change = 请重新登录并更改密码。请检查那台设备上是否有您不认识的程序。然后请告知 { $name } 的管理员。
reused-backup = 如果您刚刚从备份恢复了此设备或程序，那就是原因，重新登录即可。
reused-why = 发送此邮件是因为您在 { $origin } 的账户有一个登录已结束。

## 异常登录

unusual-subject = 您在 { $site } 的账户有一次异常登录
unusual-title = 一次异常登录
unusual-preview = 如果是您本人，则无需采取任何行动。如果不是，您可以让所有浏览器退出登录。
unusual-what = 有人登录了您在 { $site } 的账户，其中有异常之处：
unusual-new_browser = 您的账户不认识此浏览器。
unusual-new_country = 您的账户以前从未在该国家或地区登录（{ $place }）。
unusual-new_network = 您的账户以前从未从互联网的这一部分登录。
unusual-too_quick = 在此不久之前，您的账户在别处登录过（{ $place }）。
unusual-who = 由谁登录
unusual-was-you = 如果是您本人
unusual-was-not-you = 如果不是您本人
unusual-nothing = 无需采取任何行动。
unusual-sign-out = { $link }，并取消对浏览器的信任。
unusual-sign-out-words = 让所有浏览器退出登录
unusual-sign-out-text = 请打开此地址。它会让所有浏览器退出登录，并取消对浏览器的信任：
unusual-then = 然后请更改您的密码和邮箱密码，并告知 { $name } 的管理员。
unusual-why = 发送此邮件是因为您在 { $origin } 的账户有一次登录。

## 用已有账户的地址申请新账户

taken-subject = 您在 { $site } 已有账户
taken-title = 您已有账户
taken-preview = 有人用您的地址申请新账户。没有任何更改。
taken-what = 有人用您的地址在 { $site } 申请新账户。您已有账户，因此没有创建新账户，也没有任何更改。
taken-was-you = 那么请用您已有的账户登录。如果您忘记了密码，请设置新密码：登录页面上有相应的链接。
taken-not-you = 那么您无需采取任何行动。对方不会得知您有账户。
taken-why = 发送此邮件是因为有人在 { $origin } 输入了您的地址。

## 密码已更改

changed-subject = 您在 { $site } 的密码已更改
changed-title = 您的密码已更改
changed-preview = 如果是您本人，则无需采取任何行动。如果不是，则有人在使用您的账户。
changed-what = 您在 { $site } 的账户的密码已更改。所有其他浏览器都已退出登录，也不再受信任。
changed-who = 由谁更改
changed-not-you = 那么有人知道您的密码或在读您的邮件。请先更改邮箱密码，再在这里设置新密码，并告知 { $name } 的管理员。
changed-why = 发送此邮件是因为在 { $origin } 更改了密码。

## 邀请

invitation-subject = 您受邀使用 { $site }
invitation-title = 您收到了邀请
invitation-preview = 设置密码后，您即拥有账户。链接有效期至 { $time }。
invitation-what = 您受邀使用 { $name }（{ $site }）。设置密码后，您即拥有账户。
invitation-button = 设置密码
invitation-works = 链接只能使用一次，有效期至 { $time }。请勿告诉任何人：最先打开它的人将获得该账户。
invitation-unknown = 您对此不知情？
invitation-why = 发送此邮件是因为 { $name } 的管理员在 { $origin } 输入了您的地址。

## 账户的更改

email-changed-subject = 您在 { $site } 的账户的电子邮件地址已更改
email-changed-title = 您的电子邮件地址已更改
email-changed-preview = 邮件和验证码现在发送到另一个地址。如果不是您本人，请继续阅读。
email-changed-what = 您在 { $site } 的账户的邮件和验证码现在发送到 { $new }。
email-changed-who = 由谁更改
email-changed-not-you = 那么有人在使用您的账户。请立即写信给 { $name } 的管理员：您本人已无法收到验证码。
email-changed-not-you-new = 那么有人误输入了您的地址和发到该地址的验证码。请告知 { $name } 的管理员。
email-changed-why = 因 { $origin } 上的更改而发送到原地址和新地址。
second-step-on-subject = 您在 { $site } 的账户已开启邮件验证码
second-step-on-title = 已开启邮件验证码
second-step-on-preview = 从现在起，输入密码后会要求验证码。
second-step-on-what = 在 { $site }，从现在起输入密码后会要求验证码。所有其他浏览器都已退出登录，也不再受信任。
second-step-on-who = 由谁开启
second-step-on-not-you = 那么有人知道您的密码，并在读您的邮件。请先更改邮箱密码，再更改这里的密码，并告知 { $name } 的管理员。
second-step-on-why = 发送此邮件是因为您在 { $origin } 的账户有更改。
second-step-off-subject = 您在 { $site } 的账户已关闭邮件验证码
second-step-off-title = 已关闭邮件验证码
second-step-off-preview = 现在只凭您的密码即可打开某些页面。如果不是您本人，请继续阅读。
second-step-off-what = { $site } 的某些页面现在对任何知道您密码的人开放；那里不再要求验证码。所有其他浏览器都已退出登录。
second-step-off-who = 由谁关闭
second-step-off-not-you = 那么有人知道您的密码，并在读您的邮件。请先更改邮箱密码，再更改这里的密码，重新开启验证码，并告知 { $name } 的管理员。
second-step-off-why = 发送此邮件是因为您在 { $origin } 的账户有更改。
backup-made-subject = 您在 { $site } 的账户有了新的备用码
backup-made-title = 已创建新的备用码
backup-made-preview = 您以前的备用码不再有效。
backup-made-what = 已为您在 { $site } 的账户创建新的备用码。您以前的备用码不再有效。
backup-made-who = 由谁创建
backup-made-not-you = 那么有人无需您的邮件即可登录。请立即更改密码，自己创建新的备用码，并告知 { $name } 的管理员。
backup-made-why = 发送此邮件是因为在 { $origin } 创建了备用码。
backup-used-subject = 在 { $site } 使用了备用码
backup-used-title = 使用了一个备用码
backup-used-preview = 有人用它登录了您的账户。
backup-used-what = 有人用您的密码和一个备用码登录了您在 { $site } 的账户。
backup-used-left = { $left ->
    [0] 已没有剩余的备用码。请在账户页面创建新的备用码。
   *[other] 还剩 { $left } 个备用码。
}
backup-used-who = 由谁登录
backup-used-not-you = 那么有人拥有您的密码和备用码。请立即更改密码，创建新的备用码，并告知 { $name } 的管理员。
backup-used-why = 发送此邮件是因为在 { $origin } 使用了备用码。

## 电话号码

sms-sign_in = { $code } 是您登录 { $site } 的验证码。请勿告诉任何人。
sms-phone = { $code } 向 { $site } 证明该号码属于您。请勿告诉任何人。
phone-changed-subject = 您在 { $site } 的电话号码
phone-changed-preview = 您账户的电话号码有变动。
phone-changed-title = 您的电话号码已更改
phone-changed-set = 您在 { $site } 的账户添加了一个电话号码。
phone-changed-removed = 您在 { $site } 的账户的电话号码已移除。验证码通过邮件发送。
phone-changed-by-sms = 登录 { $site } 的验证码从现在起通过短信发送到您的手机。
phone-changed-by-mail = 登录 { $site } 的验证码重新通过邮件发送。
phone-changed-who = 更改者
phone-changed-not-you = 那么有人登录了您的账户。请立即更改密码，并告知 { $name } 的负责人。
phone-changed-why = 发送此邮件是因为在 { $origin } 的账户页面上进行了此更改。
