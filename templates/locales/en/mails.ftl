### The words of the mails. Each paragraph stands in both parts of a mail, the HTML and the text, unless it says otherwise.
###
### $site is the site's host, such as wiki.example.com, and $origin its address; $name is the name above the card.

## Every mail

who-time = Time
who-address = Address
who-browser = Browser
# A fact on a line of the text part: "Time: 20 November 2026, 19:30 UTC".
fact = { $name }: { $value }
not-you = This was not you?
was-you = This was you?
nothing-to-do = Then there is nothing to do.

# How long a code or link works.
minutes = { $count ->
    [0] less than a minute
    [one] 1 minute
   *[other] { $count } minutes
}

## Codes and links to sign in with

asked-title = Who asked for it
code-subject = Your sign-in code for { $site }
code-title = Your sign-in code
code-preview = Open this mail for the code to sign in to { $site }. It works until { $time }.
code-type-it = Type it where you are signing in to { $site }.
# The text part alone.
code-intro = Here is your sign-in code. Type it where you are signing in to { $site }. Give it to nobody: no one will ever ask you to read it out or to send it on.
# $link is "open this link", linked.
code-or-link = Or { $link } in the browser where you are signing in.
code-or-link-words = open this link
code-or-link-text = Or open this link in the browser where you are signing in:
code-one-works = One of the two works, once, for { $span }: until { $time }.
code-never = Nobody will ever ask you to read the code out or to send this mail on.
link-subject = Your sign-in link for { $site }
link-title = Your sign-in link
link-preview = Open this mail for the link to sign in to { $site }. It works until { $time }.
link-open-it = Open it in the browser where you are signing in to { $site }.
link-button = Sign in to { $site }
# The text part alone.
link-intro = Here is your sign-in link. Open it in the browser where you are signing in to { $site }. Give it to nobody: no one will ever ask you to send it on.
link-works = It works once, for { $span }: until { $time }.
link-no-code = There is no code in this mail: too many wrong codes were typed for your account, so for a while only the link works.
link-never = Nobody will ever ask you to send this mail on.
not-you-code = Then somebody knows your password. Give the code and the link to nobody, change your password, and tell whoever looks after { $name }.
not-you-link = Then somebody knows your password. Give the link to nobody, change your password, and tell whoever looks after { $name }.
not-you-code-passwordless = Then somebody typed your name or address. Without this mail they cannot get in, so there is nothing to do. Give the code and the link to nobody.
not-you-link-passwordless = Then somebody typed your name or address. Without this mail they cannot get in, so there is nothing to do. Give the link to nobody.
why = Sent because somebody signed in with your password at { $origin }.
why-passwordless = Sent because somebody asked to sign in with your name or address at { $origin }.

## Codes and links for anything else

confirm-subject-sign_up = Confirm your address for { $site }
confirm-subject-reset = Choose a new password for { $site }
confirm-subject-email_change = Confirm your new address for { $site }
confirm-subject-second_step_on = Turn the second step on at { $site }
confirm-subject-second_step_off = Turn the second step off at { $site }
# What the code or link is for, after the sentence before.
confirm-for-sign_up = With it you show that this address is yours.
confirm-for-reset = With it you choose a new password.
confirm-for-email_change = With it you get the mails of your account here.
confirm-for-second_step_on = With it you turn the second step on.
confirm-for-second_step_off = With it you turn the second step off.
confirm-code-title = Your code
confirm-code-preview = Open this mail for your code at { $site }. It works until { $time }.
confirm-code-type-it = Type it where you asked for it at { $site }.
# The text part alone; what it is for stands in the middle.
confirm-code-intro = Here is your code for { $site }. { $use } Type it where you asked for it. Give it to nobody: no one will ever ask you to read it out or to send it on.
confirm-code-or-link = Or { $link } in the browser where you asked for it.
confirm-code-or-link-text = Or open this link in the browser where you asked for it:
confirm-link-title = Your link
confirm-link-preview = Open this mail for your link at { $site }. It works until { $time }.
confirm-link-open-it = Open it in the browser where you asked for it at { $site }.
confirm-link-button = Go on at { $site }
confirm-link-intro = Here is your link for { $site }. { $use } Open it in the browser where you asked for it. Give it to nobody: no one will ever ask you to send it on.
confirm-link-no-code = There is no code in this mail: too many wrong codes were typed, so for a while only the link works.
confirm-not-you-code-sign_up = Then somebody typed your address. Without this mail they cannot use it, so there is nothing to do. Give the code and the link to nobody.
confirm-not-you-code-email_change = Then somebody typed your address. Without this mail they cannot use it, so there is nothing to do. Give the code and the link to nobody.
confirm-not-you-code-reset = Then somebody typed your name or address. Without this mail they cannot change your password, so there is nothing to do. Give the code and the link to nobody.
confirm-not-you-code-second_step_on = Then somebody is signed in to your account. Give the code and the link to nobody, change your password, and tell whoever looks after { $name }.
confirm-not-you-code-second_step_off = Then somebody is signed in to your account. Give the code and the link to nobody, change your password, and tell whoever looks after { $name }.
confirm-not-you-link-sign_up = Then somebody typed your address. Without this mail they cannot use it, so there is nothing to do. Give the link to nobody.
confirm-not-you-link-email_change = Then somebody typed your address. Without this mail they cannot use it, so there is nothing to do. Give the link to nobody.
confirm-not-you-link-reset = Then somebody typed your name or address. Without this mail they cannot change your password, so there is nothing to do. Give the link to nobody.
confirm-not-you-link-second_step_on = Then somebody is signed in to your account. Give the link to nobody, change your password, and tell whoever looks after { $name }.
confirm-not-you-link-second_step_off = Then somebody is signed in to your account. Give the link to nobody, change your password, and tell whoever looks after { $name }.
confirm-why = Sent because somebody asked for it at { $origin }.

## Too many wrong codes

spent-subject = Too many wrong codes for your account at { $site }
spent-title = Too many wrong codes
spent-preview = Nobody got in. You can still sign in with the link of the mail that you get.
spent-what = Wrong sign-in codes were typed for your account at { $site }, more than we allow. A wrong code lets nobody in.
spent-until = Until { $time }, codes are taken only from browsers that you have signed in with before. In any other browser, sign in as always and open the link in the mail that you get.
spent-who = The last wrong code
spent-not-you = If you sign in with a password, change it: whoever typed the codes may know it. Then tell whoever looks after { $name }.
spent-why = Sent because of wrong codes for your account at { $origin }. We say this once, not for every code.

## The right password, then wrong codes

wrong-code-subject = Wrong codes were typed for your account at { $site }
wrong-code-title = Right password, wrong codes
wrong-code-preview = The password before it was right. If that was not you, change your password.
wrong-code-what = Somebody typed your password at { $site }, and then wrong codes. A wrong code lets nobody in.
wrong-code-who = Who typed them
wrong-code-not-you = Then somebody knows your password. Change it now, and wherever else you use it. Then tell whoever looks after { $name }.
wrong-code-why = Sent because of wrong codes for your account at { $origin }.

## Many wrong passwords

passwords-subject = Wrong passwords for your account at { $site }
passwords-title = Many wrong passwords
passwords-preview = None of them let anybody in. Browsers that you have signed in with before work as always.
passwords-what = Many wrong passwords were typed for your account at { $site }. None of them let anybody in.
passwords-wait = Browsers that your account does not know now have to wait between two tries. Those that you have signed in with before work as always.
passwords-who = The last wrong password
passwords-not-you = If nobody else can know or guess your password and you use it nowhere else, there is nothing to do. If in doubt, change it.
passwords-why = Sent because of wrong passwords for your account at { $origin }. We do not say this for every one.

## A copied cookie

stolen-subject = A trusted browser was removed from your account at { $site }
stolen-title = A trusted browser was removed
stolen-preview = Its cookie may have been copied. It is signed out and no longer trusted; please change your password.
stolen-what = You trusted { $device } at { $site }, so that it is not asked for a code. An old copy of its cookie was used: somebody may have copied it from your computer.
stolen-done = To be safe, it is signed out and no longer trusted.
stolen-who = Who used the copy
stolen-to-do = What to do
stolen-change = Sign in again and change your password. Look at that computer for programs and browser extensions that you do not know. Then tell whoever looks after { $name }.
stolen-backup = If you have just restored this browser from a backup, that was the reason, and signing in again is enough.
stolen-why = Sent because a trusted browser was removed from your account at { $origin }.

## The refresh token of a program, used twice

reused-subject = A program was signed out of your account at { $site }
reused-title = A program was signed out
reused-preview = A copy of its key may be in somebody’s hands. Please change your password.
reused-what = { $program } was signed in to your account at { $site }. The key that it stays signed in with was used twice: somebody may have a copy of it.
reused-done = To be safe, that sign-in has ended, for whoever used it.
reused-who = Who used it again
reused-to-do = What to do
reused-change = Sign in again and change your password. Look at that device for programs that you do not know. Then tell whoever looks after { $name }.
reused-backup = If you have just restored this device or program from a backup, that was the reason, and signing in again is enough.
reused-why = Sent because a sign-in to your account at { $origin } was ended.

## An unusual sign-in

unusual-subject = An unusual sign-in to your account at { $site }
unusual-title = An unusual sign-in
unusual-preview = If that was you, there is nothing to do. If not, you can sign every browser out.
unusual-what = Somebody has signed in to your account at { $site }, and something about it is unusual:
unusual-new_browser = The browser is one that your account does not know.
unusual-new_country = Your account has not signed in from that country before ({ $place }).
unusual-new_network = Your account has not signed in from that part of the Internet before.
unusual-too_quick = Shortly before, your account signed in somewhere else ({ $place }).
unusual-who = Who signed in
unusual-was-you = If that was you
unusual-was-not-you = If it was not you
unusual-nothing = There is nothing to do.
# $link is "Sign out every browser", linked.
unusual-sign-out = { $link } and forget those that you trust.
unusual-sign-out-words = Sign out every browser
unusual-sign-out-text = Open this address. It signs out every browser and forgets those that you trust:
unusual-then = Then change your password and that of your mailbox, and tell whoever looks after { $name }.
unusual-why = Sent because of a sign-in to your account at { $origin }.

## What was changed about an account

email-changed-subject = The e-mail address of your account at { $site } was changed
email-changed-title = Your e-mail address was changed
email-changed-preview = Mails and codes go to another address now. If that was not you, read on.
email-changed-what = Mails and codes of your account at { $site } now go to { $new }.
email-changed-who = Who changed it
email-changed-not-you = Then somebody else uses your account. Write to whoever looks after { $name } at once: you can no longer get codes yourself.
email-changed-not-you-new = Then somebody has typed your address and its code by mistake. Tell whoever looks after { $name }.
email-changed-why = Sent to the old and the new address because of a change at { $origin }.

second-step-on-subject = Codes by mail are on for your account at { $site }
second-step-on-title = Codes by mail are on
second-step-on-preview = After your password you are asked for a code from now on.
second-step-on-what = At { $site } you are from now on asked for a code after your password. Every other browser was signed out, and none is trusted any more.
second-step-on-who = Who turned them on
second-step-on-not-you = Then somebody knows your password and reads your mails. Change the password of your mailbox first, then the one here, and tell whoever looks after { $name }.
second-step-on-why = Sent because of a change to your account at { $origin }.

second-step-off-subject = Codes by mail are off for your account at { $site }
second-step-off-title = Codes by mail are off
second-step-off-preview = Your password alone opens some pages now. If that was not you, read on.
second-step-off-what = Some pages of { $site } are now open to whoever knows your password; no code is asked for there any more. Every other browser was signed out.
second-step-off-who = Who turned them off
second-step-off-not-you = Then somebody knows your password and reads your mails. Change the password of your mailbox first, then the one here, turn codes on again, and tell whoever looks after { $name }.
second-step-off-why = Sent because of a change to your account at { $origin }.

backup-made-subject = New backup codes for your account at { $site }
backup-made-title = New backup codes were made
backup-made-preview = Those that you had before no longer work.
backup-made-what = New backup codes were made for your account at { $site }. Those that you had before no longer work.
backup-made-who = Who made them
backup-made-not-you = Then somebody can sign in without your mails. Change your password now, make new codes yourself, and tell whoever looks after { $name }.
backup-made-why = Sent because backup codes were made at { $origin }.

backup-used-subject = A backup code was used at { $site }
backup-used-title = A backup code was used
backup-used-preview = Somebody has signed in to your account with it.
backup-used-what = Somebody has signed in to your account at { $site } with your password and a backup code.
backup-used-left = { $left ->
    [0] None is left. Make new ones on your account page.
    [one] 1 code is left.
   *[other] { $left } codes are left.
}
backup-used-who = Who signed in
backup-used-not-you = Then somebody has your password and your backup codes. Change your password now, make new codes, and tell whoever looks after { $name }.
backup-used-why = Sent because a backup code was used at { $origin }.

## A new account with an address that has one

taken-subject = You have an account already at { $site }
taken-title = You have an account already
taken-preview = Somebody asked for a new account with your address. Nothing has changed.
taken-what = Somebody asked for a new account at { $site } with your address. You have one already, so none was made, and nothing has changed.
taken-was-you = Then sign in with the account that you have. If you do not know its password any more, choose a new one: there is a link for that where you sign in.
taken-not-you = Then there is nothing to do. Whoever it was is not told that you have an account.
taken-why = Sent because somebody typed your address at { $origin }.

## A changed password

changed-subject = Your password was changed at { $site }
changed-title = Your password was changed
changed-preview = If that was you, there is nothing to do. If not, somebody uses your account.
changed-what = The password of your account at { $site } was changed. Every other browser was signed out, and none is trusted any more.
changed-who = Who changed it
changed-not-you = Then somebody knows your password or reads your mails. Change the password of your mailbox first, then choose a new one here, and tell whoever looks after { $name }.
changed-why = Sent because a password was changed at { $origin }.

## An invitation

invitation-subject = You are invited to { $site }
invitation-title = You are invited
invitation-preview = Choose a password, and you have an account. The link works until { $time }.
invitation-what = You are invited to { $name } ({ $site }). Choose a password, and you have an account.
invitation-button = Choose a password
invitation-works = The link works once, until { $time }. Give it to nobody: whoever opens it first gets the account.
invitation-unknown = You know nothing of this?
invitation-why = Sent because whoever looks after { $name } typed your address at { $origin }.

## Telephone numbers

sms-sign_in = { $code } is your code to sign in to { $site }. Give it to nobody.
sms-phone = { $code } shows { $site } that this number is yours. Give it to nobody.
phone-changed-subject = Your telephone number at { $site }
phone-changed-preview = Something about the telephone number of your account was changed.
phone-changed-title = Your telephone number was changed
phone-changed-set = A telephone number was added to your account at { $site }.
phone-changed-removed = The telephone number of your account at { $site } was taken away. Codes come by mail.
phone-changed-by-sms = The codes to sign in to { $site } come to your telephone from now on, as text messages.
phone-changed-by-mail = The codes to sign in to { $site } come by mail again.
phone-changed-who = Who changed it
phone-changed-not-you = Then somebody is signed in to your account. Change your password at once, and tell whoever looks after { $name }.
phone-changed-why = Sent because this was changed on your account page at { $origin }.
