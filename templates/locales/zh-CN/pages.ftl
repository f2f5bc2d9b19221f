### 页面的文字。

## 所有页面

title-error = 出错：
languages = 语言
show = 显示
hide = 隐藏
show-password = 显示密码
hide-password = 隐藏密码
sign-in = 登录
sign-out = 退出登录
start-again = 重新开始
try-again = 重试
go-on = 继续
go-to-site = 前往 { $site }
busy-signing-in = 正在登录…
busy-signing-out = 正在退出…
busy-sending = 正在发送…
busy-checking = 正在核对…
busy-saving = 正在保存…
span = { $unit ->
    [second] { $count } 秒
    [minute] { $count } 分钟
    [hour] { $count } 小时
   *[day] { $count } 天
}
countdown = （{ $time } 后）
countdown-left = （还剩 { $time }）
works-until = 有效期至 { $time }
limited = 尝试次数过多。您可以在 { $time } 之后重试。
form-expired = 此页面打开的时间过长，因此没有发送任何内容。请重试。
trust = 信任此浏览器 { $span }——在此期间，这里不再要求您输入验证码

## 登录

login-username = 用户名或电子邮件地址
login-username-missing = 请输入您的用户名或电子邮件地址。
login-password = 密码
login-password-missing = 请输入您的密码。
login-remember = 在此设备上保持登录状态
login-send-code = 给我发送验证码
login-what-comes = 您将收到一封邮件，其中有用于登录的 6 位数字验证码。
login-wrong = 用户名和密码不匹配。请检查后重试。
login-wrong-name = 未能登录。请检查用户名后重试。
login-disabled = 此账户已停用。请联系 { $site } 的管理员重新启用。
login-busy = 当前登录的人数过多。请在 { $span }后重试。
login-delayed = 来自未知浏览器的错误密码过多。请在 { $span }后重试，或使用您以前登录过的浏览器。
login-flow-lost = 您的登录被中断。请重新开始。

## 验证码

code-title = 请查收邮件
code-title-expired = 此验证码已过期
code-title-link-only = 请打开邮件中的链接
code-title-exhausted = 尝试次数已用完
code-title-spent = 此验证码已被使用
code-sent = 我们已将 6 位数字验证码发送到 { $address }。
code-sent-letters = 我们已将由 8 个字母组成的验证码发送到 { $address }。
code-for-sign_up = 它用来证明该地址属于您。
code-for-reset = 您可以用它设置新密码。
code-for-email_change = 它用来证明新地址属于您。
code-for-second_step_on = 您可以用它开启两步验证。
code-for-second_step_off = 您可以用它关闭两步验证。
code-label = 邮件中的 6 位数字验证码
code-label-letters = 邮件中的验证码
code-letters = 我的验证码含有字母
code-resent = 我们已发送新的验证码。之前的验证码不再有效。
code-resent-link = 我们已发送新的链接。之前的链接不再有效。
code-wrong = 验证码不正确。请查看最新的邮件后重试。
code-not-digits = 验证码为 6 位数字。请完整输入。
code-not-letters = 验证码为 8 个字母。请完整输入。
code-tries-left = 还可尝试 { $left } 次
code-over = 此验证码已过期。请发送新的验证码以继续。
code-over-none-left = 此验证码已过期。请重新开始以获取新的验证码。
code-over-link = 此链接已过期。请发送新的链接以继续。
code-over-link-none-left = 此链接已过期。请重新开始以获取新的链接。
code-expired = 发送到 { $address } 的验证码有效期至 { $time }。请发送新的验证码以继续。
code-expired-none-left = 发送到 { $address } 的验证码有效期至 { $time }。无法再发送验证码；请重新开始以获取新的验证码。
code-link-only = 错误的验证码输入过多，因此目前不接受验证码。发送到 { $address } 的邮件中的链接有效：请在此浏览器中打开。
code-exhausted = 验证码输错次数过多，已失效。请重新开始以获取新的验证码。
spent = 如果是您本人操作，您已登录，可以继续。如果不是，请重新开始以获取新的验证码。
spent-other = 如果是您本人操作，则无需再做什么。如果不是，请重新开始以获取新的验证码。
resend-title = 没有收到邮件？
resend-code = 发送新的验证码
resend-link = 发送新的链接
resend-too-soon-code = 现在发送新的验证码为时过早。请等到 { $time } 后重试。
resend-too-soon-link = 现在发送新的链接为时过早。请等到 { $time } 后重试。
resend-spam = 请同时查看垃圾邮件文件夹。
resend-at-code = 您可以在 { $time } 发送新的验证码。
resend-at-link = 您可以在 { $time } 发送新的链接。
resend-hint-code = 请同时查看垃圾邮件文件夹，或发送新的验证码。届时之前的验证码将失效。
resend-hint-link = 请同时查看垃圾邮件文件夹，或发送新的链接。届时之前的链接将失效。
resend-now-code = 您现在可以发送新的验证码。
resend-now-link = 您现在可以发送新的链接。
resend-none-left-code = 请同时查看垃圾邮件文件夹。这里无法再发送验证码；请重新开始以获取新的验证码。
resend-none-left-link = 请同时查看垃圾邮件文件夹。这里无法再发送链接；请重新开始以获取新的链接。
not-your-address = 不是您的地址？

## 链接

link-title-sign_in = 登录
link-title-sign_up = 确认您的地址
link-title-reset = 设置新密码
link-title-email_change = 确认您的新地址
link-title-second_step_on = 开启两步验证
link-title-second_step_off = 关闭两步验证
link-title-expired = 此链接已过期
link-title-spent = 此链接已被使用
link-ready-sign_in = 您打开了我们发送到 { $address } 的链接。如果是您请求的，请继续前往 { $site }。如果不是，请关闭此页面。
link-ready-sign_up = 您打开了我们发送到 { $address } 的链接。如果您申请了 { $site } 的账户，请继续。如果没有，请关闭此页面。
link-ready-reset = 您打开了我们发送到 { $address } 的链接。如果您想设置新密码，请继续。如果不想，请关闭此页面。
link-ready-email_change = 您打开了我们发送到 { $address } 的链接。如果您请求在此地址接收账户邮件，请继续。如果没有，请关闭此页面。
link-ready-second_step_on = 您打开了我们发送到 { $address } 的链接。如果您请求开启两步验证，请继续。如果没有，请关闭此页面。
link-ready-second_step_off = 您打开了我们发送到 { $address } 的链接。如果您请求关闭两步验证，请继续。如果没有，请关闭此页面。
link-over = 此链接已过期。请重新开始以获取新的链接。
link-expired = 链接只能使用一次，有效时间很短，而且在发送更新的邮件后即失效。请查找更新的邮件，或重新开始以获取一封。

## 在其他浏览器中打开的链接

relay-title = 请在您请求的地方输入此验证码
relay-title-no-code = 请在另一个浏览器中打开链接
relay-text = 打开链接的浏览器与您正在登录 { $host } 的浏览器不是同一个。要在那里登录，请在那里输入此验证码：
relay-text-other = 打开链接的浏览器与您在 { $host } 请求它的浏览器不是同一个。要在那里继续，请在那里输入此验证码：
relay-over = 此验证码已过期。请在您正在登录的地方发送新的验证码。
relay-over-other = 此验证码已过期。请在您请求它的地方发送新的验证码。
relay-no-code = 打开链接的浏览器与您正在登录 { $host } 的浏览器不是同一个。链接只在那里有效：请回到邮件，复制链接，并在 { $time } 之前在那个浏览器中打开。
relay-no-code-other = 打开链接的浏览器与您在 { $host } 请求它的浏览器不是同一个。链接只在那里有效：请回到邮件，复制链接，并在 { $time } 之前在那个浏览器中打开。
relay-never-code = 切勿将此验证码念给任何人，也切勿转发。
relay-never-link = 切勿转发此链接。
relay-nobody-asks = { $site } 的任何人都不会向您索要它。如果不是您本人请求的，请关闭此页面。

## 还差一步

confirm-title = 还差一步
confirm-text = 您已用密码登录。您要打开的页面还需要验证码，我们会将它发送到 { $address }。

## 已登录与已退出

signed-in-title = 您已登录
signed-in-name = 姓名
signed-in-username = 用户名
signed-in-email = 电子邮件地址
signed-in-with = 验证方式
signed-in-with-code = 邮件验证码
signed-in-since = 登录时间
signed-in-until = 有效期至
sign-out-title = 要退出登录吗？
sign-out-text = 再次访问 { $site } 时，您需要重新登录。
sign-out-stay = 保持登录
signed-out-title = 您已退出登录
signed-out-text = 不登录，任何人都无法从此浏览器使用 { $site }。
signed-out-again = 重新登录

## 不是我本人

not-me-title = 不是您本人？
not-me-text = 这会让登录了您在 { $site } 的账户的所有浏览器退出登录，并取消对浏览器的信任。之后您需要用密码和验证码重新登录。
not-me-sure = 是的，不是我本人
not-me-go = 让所有浏览器退出登录
not-me-was-me = 是我本人
not-me-title-done = 已全部退出登录
not-me-done = 现在没有浏览器登录您的账户，也没有受信任的浏览器。
not-me-now = 请立即更改您的密码和邮箱密码，并告知 { $site } 的管理员。
not-me-title-over = 此地址已失效
not-me-over = 它的有效期为七天。如果您认为有人在使用您的账户，请告知 { $site } 的管理员。

## 出错信息

error-bad_request-title = 无法理解此请求
error-bad_request = 地址或表单不完整。请检查地址，或返回后重试。
error-forbidden-title = 无权访问
error-forbidden = 您的账户无权打开此页面。如果应当有权，请联系 { $site } 的管理员，或用其他账户登录。
error-not_found-title = 找不到页面
error-not_found = 此地址没有内容。请检查地址是否输错。
error-method_not_allowed-title = 此处无法这样操作
error-method_not_allowed = 此地址不接受所发送的内容。请返回，从上一页重试。
error-form_expired-title = 此页面打开的时间过长
error-form_expired = 因此没有发送任何内容，也没有任何更改。请重新打开页面再试一次。如果再次出现，请允许浏览器保存此网站的 Cookie。
error-too_large-title = 一次发送的内容过多
error-too_large = 发送的内容超出了此地址接受的大小，因此没有任何更改。请返回并减少内容。
error-head_too_large-title = 随地址发送的内容过多
error-head_too_large = 您的浏览器随地址发送的内容超出了此处接受的范围，通常是 Cookie 过多。请删除此网站的 Cookie 后重试。
error-address_too_long-title = 此地址过长
error-address_too_long = 此处不接受这么长的地址。请返回并尝试较短的地址。
error-too_slow-title = 用时过长
error-too_slow = 您发送的内容到达得太少，因此没有任何更改。请检查网络连接后重新发送。
error-unknown_site-title = 此处没有网站
error-unknown_site = 此处没有这个名称的网站。请检查地址是否输错。
error-too_many_requests-title = 尝试次数过多
error-unavailable-title = 暂时不可用
error-unavailable = 目前无法登录。请在 { $span }后重试；不会丢失任何内容。
error-upstream_unreachable-title = { $site } 没有响应
error-upstream_unreachable = 目前无法连接 { $site }。请一分钟后重试。如果仍然不行，请告知其管理员。
error-upstream_timeout-title = { $site } 响应太慢
error-upstream_timeout = { $site } 响应时间过长。请一分钟后重试。如果仍然不行，请告知其管理员。
error-internal-title = 出了点问题
error-internal = 这是我们的问题，与您无关。请重试。如果再次出现，请告知 { $site } 的管理员。
error-number = 寻求帮助时，请提供此编号：

## 前往另一个网站

ticket-title = 未登录
ticket-title-onward = 已登录
ticket-title-in-circles = 登录陷入循环
ticket-onward = 正在前往 { $host }。
ticket-in-circles = 您已登录，但您的浏览器没有保存 { $host } 为此提供的信息。请在浏览器中允许 { $host } 的 Cookie，然后重试。
ticket-no-cookies = 您的浏览器没有出示 { $host } 的 Cookie：它不保存 Cookie，或者您打开了提供给另一个浏览器的地址。请允许 { $host } 的 Cookie，然后重试。
ticket-over = 从登录前往 { $host } 的通道只能使用一次，有效半分钟，而且只在发起它的浏览器中有效。没有丢失任何内容：请重试。

## 除登录以外的去处

login-forgot = 忘记密码？
login-register = 注册
login-password-changed = 您的密码已更改，所有浏览器都已退出登录。请用新密码登录。

## 新账户和新密码

join-username = 用户名
join-username-hint = 字母、数字、句点、连字符和下划线。
join-username-invalid = 用户名由 1 到 64 个字母、数字、句点、连字符或下划线组成，并以字母或数字开头。
join-username-taken = 此用户名已被他人使用。请另选一个。
join-email = 电子邮件地址
join-full-name = 姓名（选填）
join-full-name-invalid = 姓名最多 128 个字符。
register-title = 注册
register-email-hint = 我们会向该地址发送验证码，以确认它属于您。
register-email-domains = 地址必须以 { $domains } 结尾。
register-email-invalid = 这不是电子邮件地址。其格式为 name@example.com。
register-email-other-domain = 此处只接受以 { $domains } 结尾的地址注册。
register-button = 注册
register-have-one = 已有账户？
name-title = 请另选用户名
name-text = 您的地址已确认。您选择的用户名在此期间已被他人使用，请另选一个。
reset-title = 忘记密码？
reset-text = 请说明您是谁。如果您有账户，我们会向其地址发送验证码，您可以用它设置新密码。
reset-button = 给我发送验证码
reset-back = 返回登录
new-password-title = 设置新密码
new-password-text = 登录了您账户的所有浏览器都将退出登录。
new-password-label = 新密码
new-password-hint = 至少 { $limit } 个字符。使用多个连续的词语较为安全。
new-password-button = 保存
new-password-over-title = 此页面已失效
new-password-over-text = 新密码只能在短时间内设置一次。请重新开始以获取新的验证码。
password-too-short = 密码至少需要 { $limit } 个字符。
password-too-long = 密码最多 { $limit } 个字节。
password-only-digits = 只由数字组成的密码很快就会被猜到。请加入词语。
password-like-username = 与您的用户名过于相似。请换一个。
password-like-email = 与您的电子邮件地址过于相似。请换一个。
password-like-full-name = 与您的姓名过于相似。请换一个。
password-like-site-name = 与此网站的名称过于相似。请换一个。
password-common = 这是任何人最先尝试的密码之一。请换一个。
password-breached = 此密码曾在别处被盗，并被列入名单。请换一个，并在所有使用它的地方更改。
password-unchecked = 无法核对此密码是否曾在别处被盗。请稍后重试。
password-fair = 单个词语很快就会被猜到。请加入更多词语。
password-good = 目前没有问题。
invitation-title = 欢迎来到 { $site }
invitation-text = 您受邀使用 { $address }。设置密码后，您即拥有账户。
invitation-username = 您将以 { $name } 登录。
invitation-button = 创建我的账户
invitation-over-title = 此邀请已失效
invitation-over-text = 它已被使用、被撤回或已过期。如果您还没有账户，请向 { $site } 的管理员索取新的邀请。

## 账户页面

code-backup = 如果您有备用码，可以输入它来代替验证码。
account-title = 您的账户
account-back = 返回您的账户
account-change = 更改
account-profile = 个人资料
account-full-name = 姓名
account-full-name-hint = { $site } 显示的您的姓名。可以留空。
account-full-name-bad = 姓名最多 128 个字符，且只能占一行。
account-save-name = 保存姓名
account-language = 语言
account-language-browser = 按浏览器的要求
account-language-hint = 用于这些页面和发给您的邮件。
account-save-language = 保存语言
account-signing-in = 登录方式
account-email = 电子邮件地址
account-password = 密码
account-password-set = 已设置。只有您知道。
account-password-none = 您只用邮件验证码登录。如需更多保护，请设置密码。
account-set-password = 设置密码
account-second-step = 登录时的邮件验证码
account-second-step-always = 此网站在输入密码后始终要求验证码。
account-second-step-on = 已开启：输入密码后，各处都会要求验证码。
account-second-step-off = 已关闭：此网站的某些页面只要求密码。
account-turn-on = 开启
account-turn-off = 关闭
account-backup-codes = 备用码
account-backup-codes-left = 还剩 { $left } 个备用码，创建于 { $time }。
account-backup-codes-none = 您还没有备用码。收不到邮件时，您可以用备用码登录。
account-make-codes = 创建新的备用码
account-sessions = 已登录
account-sessions-hint = 登录了您账户的浏览器。
account-this-browser = 此浏览器
account-session-times = 登录于 { $since }。上次使用：{ $seen }。
account-sign-out-others = 让所有其他浏览器退出
account-devices = 已知浏览器
account-devices-hint = 您曾用密码和验证码登录过的浏览器。
account-devices-none = 暂无。用密码和验证码登录后，该浏览器即成为已知浏览器。
account-device-trusted = 受信任至 { $time }：那里不要求验证码。
account-device-known = 已知，但仍要求验证码。
account-device-used = 上次使用：{ $time }，来自 { $place }。
account-forget = 忘记
account-forget-all = 全部忘记
account-sign-ins = 最近的登录
account-sign-ins-none = 没有记录。
account-sign-ins-not-you = 其中有不是您本人的？请更改密码，并让所有其他浏览器退出登录。
account-result-signed-in = 已登录
account-result-wrong-password = 密码错误
account-result-wrong-code = 验证码错误
account-result-limited = 尝试次数过多
account-done-name = 您的姓名已保存。
account-done-language = 您的语言已保存。
account-done-password = 您的密码已更改。所有其他浏览器都已退出登录，也不再受信任。
account-done-email = 您的电子邮件地址已更改。我们也通知了原来的地址。
account-done-second-step-on = 从现在起将要求验证码。所有其他浏览器都已退出登录。
account-done-second-step-off = 凡是密码已足够的地方，不再要求验证码。所有其他浏览器都已退出登录。
account-done-signed-out = 该浏览器已退出登录。
account-done-signed-out-others = 所有其他浏览器都已退出登录。
account-done-forgotten = 该浏览器已被忘记。下次在那里登录时将要求验证码。
account-done-forgotten-all = 所有浏览器都已被忘记。今后登录时将要求验证码。

## 更改密码

password-title = 更改密码
password-what = 之后所有其他浏览器都会退出登录，也不再受信任。我们会为此给您发送邮件。
password-current = 当前密码
password-new = 新密码
password-missing = 请输入您的当前密码。
password-wrong = 这不是您的当前密码。请再输入一次。
password-change = 更改密码

## 更改电子邮件地址

email-title = 更改电子邮件地址
email-what = 邮件和验证码目前发送到 { $address }。我们会向新地址发送验证码；您输入后，邮件将发送到那里。两个地址都会收到通知。
email-new = 新的电子邮件地址
email-bad = 这不是电子邮件地址。其格式为 name@example.com。
email-same = 这已经是您的地址。

## 两步验证

second-step-title-on = 要开启邮件验证码吗？
second-step-what-on = 输入密码后，各处都会要求验证码，这样任何人都无法只凭密码登录。
second-step-title-off = 要关闭邮件验证码吗？
second-step-what-off = 只要求密码的页面将对任何知道密码的人开放。始终要求验证码的页面仍会要求。
second-step-code = 为了确认，我们会将验证码发送到 { $address }。
signs-out-others = 之后所有其他浏览器都会退出登录，也不再受信任。

## 备用码

backup-codes-title = 您的备用码
backup-codes-title-ask = 要创建备用码吗？
backup-codes-what = 收不到邮件时，备用码可以代替邮件验证码。您会得到十个，每个只能使用一次。
backup-codes-once = 它们只显示一次。请准备好笔、打印机或存放文件的安全地方。
backup-codes-old = 您剩余的 { $left } 个备用码将失效。
backup-codes-make = 创建新的备用码
backup-codes-made = 这些是您新的备用码。以前的不再有效。
backup-codes-keep = 请存放在他人无法接触的地方，不要只存放在邮箱里。它们不会再次显示。
backup-codes-of = { $username } 在 { $site } 的备用码。每个只能使用一次，用来代替邮件验证码。
backup-codes-copy = 复制
backup-codes-copied = 已复制
backup-codes-print = 打印
backup-codes-download = 下载为文件
backup-codes-done = 我已保存好

## 您确定吗？

sure-browser = 浏览器
sure-place = 地址
sure-used = 上次使用
sure-sign-out-title = 让此浏览器退出登录？
sure-sign-out = 之后需要在那里重新登录。
sure-sign-out-go = 退出登录
sure-sign-out-others-title = 让所有其他浏览器退出登录？
sure-sign-out-others = 只有您现在使用的浏览器保持登录。
sure-sign-out-others-go = 让所有其他浏览器退出
sure-forget-title = 忘记此浏览器？
sure-forget = 下次在那里登录时将要求验证码。如果它已登录，则会保持登录，直到您让它退出。
sure-forget-go = 忘记
sure-forget-all-title = 忘记所有浏览器？
sure-forget-all = 今后每次登录都会要求验证码，包括您现在使用的浏览器。
sure-forget-all-go = 全部忘记

## 没有密码

no-password-title = 请先设置密码
no-password-text = 只有刚刚用密码和验证码登录的人才能更改此项，而您的账户还没有密码。

## 未登录时发送的表单

login-form-kept = 您输入的内容会保留一刻钟。登录后即可发送。
login-form-lost = 您输入的内容没有送达，也无法保留。请登录后重新输入。
draft-title = 要发送您输入的内容吗？
draft-text = 您发送时已不在登录状态，因此内容没有送达。它已被保留，可以发送一次。
draft-target = 目标
draft-as = 发送身份
draft-send = 以 { $name } 的身份发送
draft-not-yours = 如果是别人输入的，请将其丢弃：没有人会看到它。
draft-discard = 丢弃
draft-title-discarded = 已丢弃
draft-discarded = 没有发送任何内容，您输入的内容已删除。
draft-title-over = 没有可发送的内容
draft-over = 它已被发送或丢弃，或者一刻钟已过，或者它属于另一个浏览器。重新输入之前，请先查看它是否已经送达。

## 登录无效

login-no-cookies = 您的浏览器没有交回随此页面发出的 Cookie，因此没有发送任何内容。请允许此网站使用 Cookie，然后重试。
loop-title = 您已登录，但无法保持
loop-not-kept = 您的浏览器保留了 { $host } 的 Cookie，但没有保留登录所用的那一个。原因可能是某个扩展，或者阻止、删除 Cookie 的设置：请将 { $host } 设为例外，然后重试。
loop-ended = 您的浏览器显示您已登录 { $host }，但该登录已经结束。请在浏览器中删除 { $host } 的 Cookie，然后重试。如果再次出现，可能是服务器的时钟不准：请告知网站的管理者。
loop-host = 您的浏览器打开的是 { $seen }，但途中的某个服务器将其改成了 { $host }，因此无法登录。您无法自行解决：请告知网站的管理者，Host 标头必须原样传递。
loop-scheme = 此页面是在未加密的情况下打开的，而浏览器只在加密时保留登录所用的 Cookie。请改用 https 打开 { $host }。

## 防止程序提交表单

captcha-work = 为了防止程序大量提交此表单，您的浏览器会先做一个小计算。
captcha-working = 您的浏览器正在计算…
captcha-worked = 已完成。您可以提交表单。
captcha-held = 请稍候：完成后表单会立即提交。
captcha-waiting = 您的浏览器无法进行此计算。本页打开 { $span }后可以提交表单。
captcha-no-script = 为了防止程序大量提交此表单，本页打开 { $span }后才能提交。启用脚本则无需等待。
captcha-provider = 为了防止程序大量提交此表单，{ $name } 的一项服务会检查您的浏览器。
captcha-provider-no-script = 该服务需要脚本。请为本页启用脚本并重新加载。
captcha-missing = 确认此表单不是由程序提交的检查尚未完成，因此没有提交任何内容。请再提交一次。
captcha-spent = 此表单已经提交过。如果没有结果，请再提交一次。
captcha-too-soon = 对于没有脚本的浏览器来说太快了，因此没有提交任何内容。请等待 { $span }，然后再提交一次。
captcha-limited = 在没有脚本的情况下此表单提交过于频繁。请启用脚本，或在 { $time } 重试。
captcha-refused = 检查认为这是程序所为，因此没有提交任何内容。请重试。如果再次出现，请告知 { $site } 的负责人。
captcha-away = 检查表单是否由程序提交的服务没有响应，因此没有提交任何内容。请几分钟后重试。

## 电话号码

code-title-sms = 请查看您的手机
code-label-sms = 短信中的 6 位验证码
code-wrong-sms = 验证码不正确。请查看最新的短信，然后重试。
resend-title-sms = 没有收到短信？
resend-spam-sms = 可能需要一分钟。
resend-hint-code-sms = 可能需要一分钟。您可以发送新的验证码，之前的将失效。
resend-none-left-code-sms = 可能需要一分钟。此处无法再发送验证码；请重新开始以获取新的验证码。
code-for-phone = 它证明该号码属于您。
link-title-phone = 确认您的号码
link-ready-phone = 请确认 { $address } 是您在 { $site } 的号码。
account-phone = 电话号码
account-phone-none = 您尚未提供号码。
account-phone-add = 添加
account-phone-sms = 登录验证码会发送到该号码。
account-phone-mail = 登录验证码通过邮件发送。
account-done-phone = 您的电话号码已保存。
account-done-phone-removed = 您的电话号码已移除。验证码通过邮件发送。
account-done-codes-by-sms = 从现在起验证码通过短信发送。其他所有浏览器均已退出登录。
account-done-codes-by-mail = 从现在起验证码通过邮件发送。其他所有浏览器均已退出登录。
phone-title = 您的电话号码
phone-known = 您的号码是 { $number }。
phone-label = 电话号码
phone-other = 其他号码
phone-hint = 以 + 和国家代码开头：+41 79 123 45 67。我们会向该号码发送验证码，以确认它属于您。
phone-bad = 这不是电话号码。请以 + 和国家代码开头：+41 79 123 45 67。
phone-same = 这已经是您的号码。
phone-not-there = 我们不向这类号码发送短信。请使用其他号码，或继续使用邮件验证码。
phone-codes-title = 登录验证码
phone-codes-sms = 验证码通过短信发送到该号码。
phone-codes-mail = 验证码通过邮件发送。也可以改为发送到该号码。
phone-by-sms = 通过短信接收验证码
phone-by-mail = 通过邮件接收验证码
phone-remove-title = 移除号码
phone-remove-sms = 之后验证码将重新通过邮件发送，其他所有浏览器将退出登录。
phone-remove-plain = 之后我们会忘记它。
phone-remove = 移除
not-your-address-sms = 不是您的号码？
