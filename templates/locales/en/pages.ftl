### The words of the pages.

## Every page

# Before the title of a page on which something went wrong.
title-error = Error:
languages = Language
show = Show
hide = Hide
# For screen readers; each has to hold the word that is seen, Show or Hide.
show-password = Show password
hide-password = Hide password
sign-in = Sign in
sign-out = Sign out
start-again = Start again
try-again = Try again
go-on = Go on
go-to-site = Go to { $site }
busy-signing-in = Signing in…
busy-signing-out = Signing out…
busy-sending = Sending…
busy-checking = Checking…
busy-saving = Saving…

# A length of time. $unit is second, minute, hour or day.
span = { $unit ->
    [second] { $count ->
        [one] 1 second
       *[other] { $count } seconds
    }
    [minute] { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
    [hour] { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
   *[day] { $count ->
        [one] 1 day
       *[other] { $count } days
    }
}

# After a clock time; $time counts down: "(9:42 left)".
countdown = ({ $time })
countdown-left = ({ $time } left)
works-until = Works until { $time }
limited = That was tried too often. You can try again at { $time }.
form-expired = This page was open for too long, so nothing was sent. Please try again.

# Beside a box to tick. $span is a length of time.
trust = Trust this browser for { $span } — you will not be asked for a code here

## Sign in

login-username = Username or e-mail address
login-username-missing = Enter your username or e-mail address.
login-password = Password
login-password-missing = Enter your password.
login-remember = Keep me signed in on this device
login-send-code = Send me a code
login-what-comes = You will get a mail with a 6-digit code to sign in with.
login-wrong = That name and password do not belong together. Check both and try again.
login-wrong-name = That did not work. Check the name and try again.
login-disabled = This account is switched off. Ask whoever looks after { $site } to switch it on again.
login-busy = Too many people are signing in at the moment. Try again in { $span }.
login-delayed = Too many wrong passwords from unknown browsers. Try again in { $span }, or in a browser where you have signed in before.
login-flow-lost = Your sign-in was interrupted. Please start again.

## The code

code-title = Check your mail
code-title-expired = This code has expired
code-title-link-only = Open the link in the mail
code-title-exhausted = No tries left
code-title-spent = This code was used already
code-sent = We sent a 6-digit code to { $address }.
code-sent-letters = We sent a code of 8 letters to { $address }.
# What the code is for, after the sentence before.
code-for-sign_up = It shows that the address is yours.
code-for-reset = With it you can choose a new password.
code-for-email_change = It shows that the new address is yours.
code-for-second_step_on = With it you turn the second step on.
code-for-second_step_off = With it you turn the second step off.
code-label = 6-digit code from the mail
code-label-letters = Code from the mail
code-letters = My code has letters
code-resent = We sent a new code. The one before no longer works.
code-resent-link = We sent a new link. The one before no longer works.
code-wrong = That is not the code. Check the newest mail and try again.
code-not-digits = A code has 6 digits. Type all of them.
code-not-letters = A code has 8 letters. Type all of them.
code-tries-left = { $left ->
    [one] 1 try left
   *[other] { $left } tries left
}
# Announced at the end of the time.
code-over = This code has expired. Send a new code to go on.
code-over-none-left = This code has expired. Start again to get another.
code-over-link = This link has expired. Send a new link to go on.
code-over-link-none-left = This link has expired. Start again to get another.
code-expired = The code for { $address } worked until { $time }. Send a new code to go on.
code-expired-none-left = The code for { $address } worked until { $time }. No further code can be sent; start again to get another.
code-link-only = Too many wrong codes were typed, so codes are not taken for now. The link in the mail to { $address } works: open it in this browser.
code-exhausted = The code was typed wrong too often and no longer works. Start again to get another.
spent = If it was you, you are signed in and can go on. If not, start again to get another.
spent-other = If it was you, there is nothing more to do. If not, start again to get another.
resend-title = No mail?
code-backup = If you have a backup code, you can type it in place of the code.
resend-code = Send a new code
resend-link = Send a new link
resend-too-soon-code = It is too soon for a new code. Wait until { $time }, then try again.
resend-too-soon-link = It is too soon for a new link. Wait until { $time }, then try again.
resend-spam = Look in the spam folder too.
resend-at-code = You can send a new code at { $time }.
resend-at-link = You can send a new link at { $time }.
resend-hint-code = Look in the spam folder too, or send a new code. The one before stops working then.
resend-hint-link = Look in the spam folder too, or send a new link. The one before stops working then.
resend-now-code = You can send a new code now.
resend-now-link = You can send a new link now.
resend-none-left-code = Look in the spam folder too. No further code can be sent here; start again to get another.
resend-none-left-link = Look in the spam folder too. No further link can be sent here; start again to get another.
not-your-address = Not your address?

## The link

link-title-sign_in = Sign in
link-title-sign_up = Confirm your address
link-title-reset = Choose a new password
link-title-email_change = Confirm your new address
link-title-second_step_on = Turn the second step on
link-title-second_step_off = Turn the second step off
link-title-expired = This link has expired
link-title-spent = This link was used already
link-ready-sign_in = You opened the link that we sent to { $address }. If you asked for it, go on to { $site }. If not, close this page.
link-ready-sign_up = You opened the link that we sent to { $address }. If you asked for an account at { $site }, go on. If not, close this page.
link-ready-reset = You opened the link that we sent to { $address }. If you want to choose a new password, go on. If not, close this page.
link-ready-email_change = You opened the link that we sent to { $address }. If you asked to get the mails of your account here, go on. If not, close this page.
link-ready-second_step_on = You opened the link that we sent to { $address }. If you asked to turn the second step on, go on. If not, close this page.
link-ready-second_step_off = You opened the link that we sent to { $address }. If you asked to turn the second step off, go on. If not, close this page.
link-over = This link has expired. Start again to get another.
link-expired = A link works once, for a short time, and no longer when a newer mail was sent. Look for a newer mail, or start again to get one.

## The link in another browser

relay-title = Type this code where you asked for it
relay-title-no-code = Open the link in the other browser
relay-text = You opened the link in another browser than the one where you are signing in to { $host }. To sign in there, type this code there:
relay-text-other = You opened the link in another browser than the one where you asked for it at { $host }. To go on there, type this code there:
relay-over = This code has expired. Send a new code where you are signing in.
relay-over-other = This code has expired. Send a new code where you asked for it.
relay-no-code = You opened the link in another browser than the one where you are signing in to { $host }. It only works there: go back to the mail, copy the link, and open it in that browser before { $time }.
relay-no-code-other = You opened the link in another browser than the one where you asked for it at { $host }. It only works there: go back to the mail, copy the link, and open it in that browser before { $time }.
relay-never-code = Never read this code out to anybody, and never send it on.
relay-never-link = Never send the link on.
relay-nobody-asks = Nobody from { $site } will ask for it. If you did not ask for it yourself, close this page.

## One more step

confirm-title = One more step
confirm-text = You are signed in with your password. The page you want also asks for a code, which we send to { $address }.

## Signed in and out

signed-in-title = You are signed in
signed-in-name = Name
signed-in-username = Username
signed-in-email = E-mail address
signed-in-with = Confirmed with
signed-in-with-code = Code by mail
signed-in-since = Since
signed-in-until = Until
sign-out-title = Sign out?
sign-out-text = To come back to { $site } you will have to sign in again.
sign-out-stay = Stay signed in
signed-out-title = You are signed out
signed-out-text = Nobody can use { $site } from this browser without signing in.
signed-out-again = Sign in again

## That was not me

not-me-title = Was that not you?
not-me-text = This signs out every browser that is signed in to your account at { $site }, and forgets those that you trust. You then sign in again with your password and a code.
not-me-sure = Yes, that was not me
not-me-go = Sign out every browser
not-me-was-me = That was me
not-me-title-done = Signed out everywhere
not-me-done = No browser is signed in to your account any more, and none is trusted.
not-me-now = Now change your password and that of your mailbox, and tell whoever looks after { $site }.
not-me-title-over = This address is over
not-me-over = It works for seven days. If you believe that somebody else uses your account, tell whoever looks after { $site }.

## What went wrong

error-bad_request-title = This could not be understood
error-bad_request = The address or the form was not complete. Check the address, or go back and try again.
error-forbidden-title = No access
error-forbidden = Your account may not open this page. If it should, ask whoever looks after { $site }, or sign in with another account.
error-not_found-title = Page not found
error-not_found = There is nothing at this address. Check it for a typing mistake.
error-method_not_allowed-title = That does not work here
error-method_not_allowed = This address does not take what was sent to it. Go back and try again from the page before.
error-form_expired-title = This page was open for too long
error-form_expired = So nothing was sent and nothing has changed. Open the page again and try once more. If this comes back, let your browser keep cookies for this site.
error-too_large-title = That was too much at once
error-too_large = What was sent is larger than this address takes, so nothing has changed. Go back and send less.
error-head_too_large-title = Too much comes along with the address
error-head_too_large = Your browser sends more along with the address than is taken here; usually these are too many cookies. Delete the cookies of this site and try again.
error-address_too_long-title = This address is too long
error-address_too_long = Addresses of this length are not taken here. Go back and try a shorter one.
error-too_slow-title = That took too long
error-too_slow = Too little of what you were sending arrived, so nothing has changed. Check your connection and send it again.
error-unknown_site-title = No site here
error-unknown_site = No site has this name here. Check the address for a typing mistake.
error-too_many_requests-title = Too many tries
error-unavailable-title = Not available right now
error-unavailable = Signing in does not work at the moment. Try again in { $span }; nothing is lost.
error-upstream_unreachable-title = { $site } does not answer
error-upstream_unreachable = { $site } itself cannot be reached at the moment. Try again in a minute. If that does not help, tell whoever looks after it.
error-upstream_timeout-title = { $site } is too slow
error-upstream_timeout = { $site } took too long to answer. Try again in a minute. If that does not help, tell whoever looks after it.
error-internal-title = Something went wrong
error-internal = This is a fault of ours, not of yours. Try again. If it comes back, tell whoever looks after { $site }.
error-number = If you ask for help, give this number:

## On the way to another host

ticket-title = Not signed in
ticket-title-onward = Signed in
ticket-title-in-circles = Signing in goes round in circles
ticket-onward = On the way to { $host }.
ticket-in-circles = You are signed in, but your browser does not keep what { $host } gives it for that. Allow cookies for { $host } in your browser, then try again.
ticket-no-cookies = Your browser showed no cookie of { $host }: it does not keep them, or you opened an address that another browser was given. Allow cookies for { $host }, then try again.
ticket-over = The way from signing in to { $host } works once, for half a minute, and only in the browser that began it. Nothing is lost: try again.

## The account page

account-title = Your account
account-back = Back to your account
account-change = Change
account-profile = Profile
account-full-name = Full name
account-full-name-hint = What { $site } shows of you. You may leave it empty.
account-full-name-bad = A name has up to 128 characters, in one line.
account-save-name = Save name
account-language = Language
account-language-browser = As the browser asks for
account-language-hint = For these pages and for mails to you.
account-save-language = Save language
account-signing-in = Signing in
account-email = E-mail address
account-password = Password
account-password-set = It is set. Only you know it.
account-password-none = You sign in with a code by mail alone. To protect more than that, set a password.
account-set-password = Set a password
account-second-step = Code by mail at sign-in
account-second-step-always = This site always asks for it after the password.
account-second-step-on = On: after the password you are asked for a code everywhere.
account-second-step-off = Off: some pages of this site ask for the password alone.
account-turn-on = Turn on
account-turn-off = Turn off
account-backup-codes = Backup codes
account-backup-codes-left = { $left ->
    [one] 1 code left, of those made on { $time }.
   *[other] { $left } codes left, of those made on { $time }.
}
account-backup-codes-none = You have none. With one of them you sign in when the mail does not come.
account-make-codes = Make new codes
account-sessions = Signed in
account-sessions-hint = Browsers that are signed in to your account.
account-this-browser = This browser
account-session-times = Since { $since }. Last used { $seen }.
account-sign-out-others = Sign out all others
account-devices = Known browsers
account-devices-hint = Browsers that you have signed in from with password and code.
account-devices-none = None so far. A browser is known once you have signed in from it with password and code.
account-device-trusted = Trusted until { $time }: it is not asked for a code.
account-device-known = Known, and asked for a code.
account-device-used = Last used { $time } from { $place }.
account-forget = Forget
account-forget-all = Forget all
account-sign-ins = Last sign-ins
account-sign-ins-none = None are remembered.
account-sign-ins-not-you = One of them was not you? Change your password and sign out all others.
account-result-signed-in = Signed in
account-result-wrong-password = Wrong password
account-result-wrong-code = Wrong code
account-result-limited = Tried too often

# What was done just before.
account-done-name = Your name was saved.
account-done-language = Your language was saved.
account-done-password = Your password was changed. Every other browser was signed out, and none is trusted any more.
account-done-email = Your e-mail address was changed. We have told the old address too.
account-done-second-step-on = Codes are asked for from now on. Every other browser was signed out.
account-done-second-step-off = Codes are no longer asked for where a password is enough. Every other browser was signed out.
account-done-signed-out = That browser was signed out.
account-done-signed-out-others = All other browsers were signed out.
account-done-forgotten = That browser was forgotten. Its next sign-in is asked for a code.
account-done-forgotten-all = All browsers were forgotten. The next sign-ins are asked for a code.

## Changing the password

password-title = Change your password
password-what = Every other browser is signed out then, and none is trusted any more. We send you a mail about it.
password-current = Present password
password-new = New password
password-missing = Enter your present password.
password-wrong = That is not your present password. Type it once more.
password-change = Change password

## Changing the e-mail address

email-title = Change your e-mail address
email-what = Mails and codes now go to { $address }. We send a code to the new address; once you have typed it, they go there. Both addresses are told.
email-new = New e-mail address
email-bad = That is no e-mail address. It looks like name@example.com.
email-same = That is your address already.

## The second step

second-step-title-on = Turn on codes by mail?
second-step-what-on = After your password you are then asked for a code everywhere, so that nobody gets in with the password alone.
second-step-title-off = Turn off codes by mail?
second-step-what-off = Pages that ask for the password alone are then open to whoever knows it. Pages that always ask for a code go on asking.
second-step-code = To confirm it, we send a code to { $address }.
signs-out-others = Every other browser is signed out then, and none is trusted any more.

## Backup codes

backup-codes-title = Your backup codes
backup-codes-title-ask = Make backup codes?
backup-codes-what = A backup code stands in for the code by mail, when no mail comes to you. You get ten of them, and each works once.
backup-codes-once = They are shown once. Have a pen, a printer or a safe place for a file at hand.
backup-codes-old = { $left ->
    [one] The 1 code that you have left stops working.
   *[other] The { $left } codes that you have left stop working.
}
backup-codes-make = Make new codes
backup-codes-made = These are your new codes. Any that you had before no longer work.
backup-codes-keep = Keep them where nobody else gets at them, and not only in your mailbox. They are not shown again.
backup-codes-of = Backup codes of { $username } for { $site }. Each works once, in place of the code by mail.
backup-codes-copy = Copy
backup-codes-copied = Copied
backup-codes-print = Print
backup-codes-download = Download as a file
backup-codes-done = I have kept them

## Are you sure?

sure-browser = Browser
sure-place = Address
sure-used = Last used
sure-sign-out-title = Sign out this browser?
sure-sign-out = It has to sign in again then.
sure-sign-out-go = Sign it out
sure-sign-out-others-title = Sign out all other browsers?
sure-sign-out-others = Only the browser that you use now stays signed in.
sure-sign-out-others-go = Sign out all others
sure-forget-title = Forget this browser?
sure-forget = Its next sign-in is asked for a code. If it is signed in, it stays so until you sign it out.
sure-forget-go = Forget it
sure-forget-all-title = Forget all browsers?
sure-forget-all = Every next sign-in is asked for a code, also in the browser that you use now.
sure-forget-all-go = Forget all

## Without a password

no-password-title = Set a password first
no-password-text = This can be changed by somebody who has just signed in with password and code, and your account has no password yet.

## Where somebody who signs in can go instead

login-forgot = Forgot your password?
login-register = Register
login-password-changed = Your password was changed, and every browser was signed out. Sign in with the new one.

## A new account, and a new password

join-username = Username
join-username-hint = Letters, digits, dots, dashes and underscores.
join-username-invalid = A username has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or digit.
join-username-taken = Somebody else has this name. Choose another.
join-email = E-mail address
join-full-name = Full name (if you like)
join-full-name-invalid = A name has up to 128 characters.

register-title = Register
register-email-hint = We send a code there, to see that it is yours.
register-email-domains = It has to end in { $domains }.
register-email-invalid = This is no e-mail address. It has the form name@example.com.
register-email-other-domain = Only addresses that end in { $domains } can register here.
register-button = Register
register-have-one = You have an account?

name-title = Choose another name
name-text = Your address is confirmed. The name that you chose was taken by somebody else meanwhile, so choose another.

reset-title = Forgot your password?
reset-text = Say who you are. If you have an account, we send a code to its address, with which you can choose a new password.
reset-button = Send me a code
reset-back = Back to sign-in

new-password-title = Choose a new password
new-password-text = Every browser that is signed in to your account will be signed out.
new-password-label = New password
new-password-hint = { $limit } characters or more. Several words in a row are good.
new-password-button = Save
new-password-over-title = This is over
new-password-over-text = A new password can be chosen once, for a short time. Start again to get another code.

# Why a password is not taken. $limit is a number.
password-too-short = A password has at least { $limit } characters.
password-too-long = A password has at most { $limit } bytes.
password-only-digits = A password of digits alone is guessed quickly. Add words.
password-like-username = This is too much like your username. Choose something else.
password-like-email = This is too much like your e-mail address. Choose something else.
password-like-full-name = This is too much like your name. Choose something else.
password-like-site-name = This is too much like the name of this site. Choose something else.
password-common = This is among the first passwords that anybody tries. Choose something else.
password-breached = This password was stolen elsewhere and is on a list. Choose something else, and change it wherever you use it.
password-unchecked = It could not be checked whether this password was stolen elsewhere. Try again in a while.
# Beside the field, while it is typed.
password-fair = One word is guessed quickly. Add more words.
password-good = Nothing speaks against it so far.

invitation-title = Welcome to { $site }
invitation-text = You are invited with { $address }. Choose a password, and you have an account.
invitation-username = You sign in as { $name }.
invitation-button = Make my account
invitation-over-title = This invitation is over
invitation-over-text = It was used, taken back, or is too old. If you have no account yet, ask whoever looks after { $site } for another.

## A form that was sent without being signed in

login-form-kept = What you entered is kept for a quarter of an hour. Sign in, and you can send it.
login-form-lost = What you entered did not arrive and could not be kept. Sign in, and enter it again.
draft-title = Send what you entered?
draft-text = You were not signed in any more when you sent it, so it did not arrive. It was kept, and can be sent once.
draft-target = For
draft-as = Sent as
draft-send = Send it as { $name }
draft-not-yours = If somebody else has entered it, discard it: nobody will see it.
draft-discard = Discard it
draft-title-discarded = Discarded
draft-discarded = Nothing was sent, and what you entered is gone.
draft-title-over = There is nothing to send
draft-over = It was sent or discarded, a quarter of an hour is over, or another browser has it. Look whether it has arrived before you enter it again.

## Signing in that comes to nothing

login-no-cookies = Your browser did not give back the cookie that came with this page, so nothing was sent. Allow cookies for this site, then try again.
loop-title = You have signed in, but it does not last
loop-not-kept = Your browser keeps cookies of { $host }, but not the one that you are signed in with. An extension, or a setting that blocks or deletes cookies, may be the reason: make an exception for { $host }, then try again.
loop-ended = Your browser shows that you have signed in to { $host }, but that sign-in has ended already. Delete the cookies of { $host } in your browser and try again. If this comes back, the clock of the server may be wrong: tell whoever runs the site.
loop-host = Your browser has opened { $seen }, but a server on the way says that it is { $host }, so that you cannot be signed in. You cannot mend this: tell whoever runs the site that the Host header has to be passed on unchanged.
loop-scheme = This page was opened without encryption, and browsers keep cookies for signing in only with it. Open { $host } by https instead.

## So that no program sends a form

captcha-work = So that programs do not send this form in masses, your browser does a small sum first.
captcha-working = Your browser is calculating…
captcha-worked = Done. You can send the form.
captcha-held = One moment: the form is sent as soon as that is done.
captcha-waiting = Your browser cannot do the sum. The form can be sent { $span } after this page has come.
captcha-no-script = So that programs do not send this form in masses, it can be sent { $span } after this page has come. With scripts switched on there is no wait.
captcha-provider = So that programs do not send this form in masses, a service of { $name } looks at your browser.
captcha-provider-no-script = That service needs scripts. Switch them on for this page and load it again.
captcha-missing = The check that no program sends this form was not finished, so nothing was sent. Please send it once more.
captcha-spent = This form was sent already. If nothing came of it, send it once more.
captcha-too-soon = That was too soon for a browser without scripts, so nothing was sent. Wait { $span }, then send it once more.
captcha-limited = This form was sent too often without scripts. Switch them on, or try again at { $time }.
captcha-refused = The check takes this for the work of a program, so nothing was sent. Try again. If it comes back, tell whoever looks after { $site }.
captcha-away = The service that checks that no program sends this form does not answer, so nothing was sent. Try again in a few minutes.

## Telephone numbers

code-title-sms = Check your telephone
code-label-sms = 6-digit code from the text message
code-wrong-sms = That is not the code. Check the newest text message and try again.
resend-title-sms = No text message?
resend-spam-sms = It may take a minute.
resend-hint-code-sms = It may take a minute. You can send a new code; the one before stops working then.
resend-none-left-code-sms = It may take a minute. No further code can be sent here; start again to get another.
code-for-phone = It shows that the number is yours.
link-title-phone = Confirm your number
link-ready-phone = Confirm that { $address } is your number at { $site }.
account-phone = Telephone number
account-phone-none = You have given none.
account-phone-add = Add
account-phone-sms = Codes at sign-in come there.
account-phone-mail = Codes at sign-in come by mail.
account-done-phone = Your telephone number was saved.
account-done-phone-removed = Your telephone number was taken away. Codes come by mail.
account-done-codes-by-sms = Codes come as text messages from now on. Every other browser was signed out.
account-done-codes-by-mail = Codes come by mail from now on. Every other browser was signed out.
phone-title = Your telephone number
phone-known = Your number is { $number }.
phone-label = Telephone number
phone-other = Another number
phone-hint = With + and the country in front: +41 79 123 45 67. We send a code there, to see that it is yours.
phone-bad = This is no telephone number. Write it with + and the country in front: +41 79 123 45 67.
phone-same = That is your number already.
phone-not-there = We send no text messages to such numbers. Take another number, or stay with codes by mail.
phone-codes-title = Codes at sign-in
phone-codes-sms = They come to this number as text messages.
phone-codes-mail = They come by mail. They can come to this number instead.
phone-by-sms = Get codes by text message
phone-by-mail = Get codes by mail
phone-remove-title = Take the number away
phone-remove-sms = Codes come by mail again then, and every other browser is signed out.
phone-remove-plain = We forget it then.
phone-remove = Take it away
not-your-address-sms = Not your number?
