### Die Texte der Seiten.

## Alle Seiten

title-error = Fehler:
languages = Sprache
show = Anzeigen
hide = Verbergen
show-password = Passwort anzeigen
hide-password = Passwort verbergen
sign-in = Anmelden
sign-out = Abmelden
start-again = Von vorn beginnen
try-again = Erneut versuchen
go-on = Weiter
go-to-site = Weiter zu { $site }
busy-signing-in = Anmeldung läuft…
busy-signing-out = Abmeldung läuft…
busy-sending = Wird gesendet…
busy-checking = Wird geprüft…
busy-saving = Wird gespeichert…
span = { $unit ->
    [second] { $count ->
        [one] 1 Sekunde
       *[other] { $count } Sekunden
    }
    [minute] { $count ->
        [one] 1 Minute
       *[other] { $count } Minuten
    }
    [hour] { $count ->
        [one] 1 Stunde
       *[other] { $count } Stunden
    }
   *[day] { $count ->
        [one] 1 Tag
       *[other] { $count } Tage
    }
}
countdown = (noch { $time })
countdown-left = (noch { $time })
works-until = Gültig bis { $time }
limited = Das wurde zu oft versucht. Ab { $time } können Sie es erneut versuchen.
form-expired = Diese Seite war zu lange geöffnet; deshalb wurde nichts gesendet. Bitte versuchen Sie es noch einmal.
trust = Diesem Browser { $span } lang vertrauen – hier werden Sie dann nicht nach einem Code gefragt

## Anmelden

login-username = Benutzername oder E-Mail-Adresse
login-username-missing = Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein.
login-password = Passwort
login-password-missing = Geben Sie Ihr Passwort ein.
login-remember = Auf diesem Gerät angemeldet bleiben
login-send-code = Code zusenden
login-what-comes = Sie erhalten eine Mail mit einem 6-stelligen Code für die Anmeldung.
login-wrong = Name und Passwort gehören nicht zusammen. Prüfen Sie beides und versuchen Sie es erneut.
login-wrong-name = Das hat nicht funktioniert. Prüfen Sie den Namen und versuchen Sie es erneut.
login-disabled = Dieses Konto ist gesperrt. Bitten Sie die Zuständigen von { $site }, es wieder freizugeben.
login-busy = Im Moment melden sich zu viele Personen gleichzeitig an. Versuchen Sie es in { $span } erneut.
login-delayed = Zu viele falsche Passwörter von unbekannten Browsern. Versuchen Sie es in { $span } erneut oder in einem Browser, in dem Sie sich schon einmal angemeldet haben.
login-flow-lost = Ihre Anmeldung wurde unterbrochen. Bitte beginnen Sie von vorn.

## Der Code

code-title = Sehen Sie in Ihrem Postfach nach
code-title-expired = Dieser Code ist abgelaufen
code-title-link-only = Öffnen Sie den Link in der Mail
code-title-exhausted = Keine Versuche mehr
code-title-spent = Dieser Code wurde schon verwendet
code-sent = Wir haben einen 6-stelligen Code an { $address } gesendet.
code-sent-letters = Wir haben einen Code aus 8 Buchstaben an { $address } gesendet.
code-for-sign_up = Er zeigt, dass die Adresse Ihnen gehört.
code-for-reset = Mit ihm können Sie ein neues Passwort wählen.
code-for-email_change = Er zeigt, dass die neue Adresse Ihnen gehört.
code-for-second_step_on = Mit ihm schalten Sie den zweiten Schritt ein.
code-for-second_step_off = Mit ihm schalten Sie den zweiten Schritt aus.
code-label = 6-stelliger Code aus der Mail
code-label-letters = Code aus der Mail
code-letters = Mein Code enthält Buchstaben
code-resent = Wir haben einen neuen Code gesendet. Der vorige gilt nicht mehr.
code-resent-link = Wir haben einen neuen Link gesendet. Der vorige gilt nicht mehr.
code-wrong = Das ist nicht der richtige Code. Sehen Sie in der neuesten Mail nach und versuchen Sie es erneut.
code-not-digits = Ein Code hat 6 Ziffern. Geben Sie alle ein.
code-not-letters = Ein Code hat 8 Buchstaben. Geben Sie alle ein.
code-tries-left = { $left ->
    [one] Noch 1 Versuch
   *[other] Noch { $left } Versuche
}
code-over = Dieser Code ist abgelaufen. Fordern Sie einen neuen an, um fortzufahren.
code-over-none-left = Dieser Code ist abgelaufen. Beginnen Sie von vorn, um einen neuen zu erhalten.
code-over-link = Dieser Link ist abgelaufen. Fordern Sie einen neuen an, um fortzufahren.
code-over-link-none-left = Dieser Link ist abgelaufen. Beginnen Sie von vorn, um einen neuen zu erhalten.
code-expired = Der Code für { $address } galt bis { $time }. Fordern Sie einen neuen an, um fortzufahren.
code-expired-none-left = Der Code für { $address } galt bis { $time }. Weitere Codes können nicht gesendet werden; beginnen Sie von vorn, um einen neuen zu erhalten.
code-link-only = Es wurden zu viele falsche Codes eingegeben, deshalb werden vorerst keine Codes angenommen. Der Link in der Mail an { $address } funktioniert: Öffnen Sie ihn in diesem Browser.
code-exhausted = Der Code wurde zu oft falsch eingegeben und gilt nicht mehr. Beginnen Sie von vorn, um einen neuen zu erhalten.
spent = Wenn Sie das waren, sind Sie angemeldet und können fortfahren. Wenn nicht, beginnen Sie von vorn.
spent-other = Wenn Sie das waren, müssen Sie nichts weiter tun. Wenn nicht, beginnen Sie von vorn.
resend-title = Keine Mail erhalten?
resend-code = Neuen Code senden
resend-link = Neuen Link senden
resend-too-soon-code = Für einen neuen Code ist es noch zu früh. Warten Sie bis { $time } und versuchen Sie es dann erneut.
resend-too-soon-link = Für einen neuen Link ist es noch zu früh. Warten Sie bis { $time } und versuchen Sie es dann erneut.
resend-spam = Sehen Sie auch im Spam-Ordner nach.
resend-at-code = Ab { $time } können Sie einen neuen Code senden.
resend-at-link = Ab { $time } können Sie einen neuen Link senden.
resend-hint-code = Sehen Sie auch im Spam-Ordner nach oder lassen Sie sich einen neuen Code senden. Der vorige gilt dann nicht mehr.
resend-hint-link = Sehen Sie auch im Spam-Ordner nach oder lassen Sie sich einen neuen Link senden. Der vorige gilt dann nicht mehr.
resend-now-code = Sie können jetzt einen neuen Code senden.
resend-now-link = Sie können jetzt einen neuen Link senden.
resend-none-left-code = Sehen Sie auch im Spam-Ordner nach. Weitere Codes können hier nicht gesendet werden; beginnen Sie von vorn, um einen neuen zu erhalten.
resend-none-left-link = Sehen Sie auch im Spam-Ordner nach. Weitere Links können hier nicht gesendet werden; beginnen Sie von vorn, um einen neuen zu erhalten.
not-your-address = Nicht Ihre Adresse?

## Der Link

link-title-sign_in = Anmelden
link-title-sign_up = Adresse bestätigen
link-title-reset = Neues Passwort wählen
link-title-email_change = Neue Adresse bestätigen
link-title-second_step_on = Zweiten Schritt einschalten
link-title-second_step_off = Zweiten Schritt ausschalten
link-title-expired = Dieser Link ist abgelaufen
link-title-spent = Dieser Link wurde schon verwendet
link-ready-sign_in = Sie haben den Link geöffnet, den wir an { $address } gesendet haben. Wenn Sie ihn angefordert haben, geht es hier weiter zu { $site }. Wenn nicht, schließen Sie diese Seite.
link-ready-sign_up = Sie haben den Link geöffnet, den wir an { $address } gesendet haben. Wenn Sie ein Konto bei { $site } wollten, geht es hier weiter. Wenn nicht, schließen Sie diese Seite.
link-ready-reset = Sie haben den Link geöffnet, den wir an { $address } gesendet haben. Wenn Sie ein neues Passwort wählen wollen, geht es hier weiter. Wenn nicht, schließen Sie diese Seite.
link-ready-email_change = Sie haben den Link geöffnet, den wir an { $address } gesendet haben. Wenn Sie die Mails Ihres Kontos hier erhalten wollen, geht es hier weiter. Wenn nicht, schließen Sie diese Seite.
link-ready-second_step_on = Sie haben den Link geöffnet, den wir an { $address } gesendet haben. Wenn Sie den zweiten Schritt einschalten wollen, geht es hier weiter. Wenn nicht, schließen Sie diese Seite.
link-ready-second_step_off = Sie haben den Link geöffnet, den wir an { $address } gesendet haben. Wenn Sie den zweiten Schritt ausschalten wollen, geht es hier weiter. Wenn nicht, schließen Sie diese Seite.
link-over = Dieser Link ist abgelaufen. Beginnen Sie von vorn, um einen neuen zu erhalten.
link-expired = Ein Link gilt nur einmal und nur kurze Zeit, und er gilt nicht mehr, sobald eine neuere Mail gesendet wurde. Suchen Sie nach einer neueren Mail oder beginnen Sie von vorn, um eine zu erhalten.

## Der Link in einem anderen Browser

relay-title = Geben Sie diesen Code dort ein, wo Sie sich anmelden
relay-title-no-code = Öffnen Sie den Link im anderen Browser
relay-text = Sie haben den Link in einem anderen Browser geöffnet als dem, in dem Sie sich bei { $host } anmelden. Geben Sie dort diesen Code ein:
relay-text-other = Sie haben den Link in einem anderen Browser geöffnet als dem, in dem Sie ihn bei { $host } angefordert haben. Um dort fortzufahren, geben Sie dort diesen Code ein:
relay-over-other = Dieser Code ist abgelaufen. Lassen Sie sich dort, wo Sie ihn angefordert haben, einen neuen senden.
relay-over = Dieser Code ist abgelaufen. Lassen Sie sich dort, wo Sie sich anmelden, einen neuen Code senden.
relay-no-code = Sie haben den Link in einem anderen Browser geöffnet als dem, in dem Sie sich bei { $host } anmelden. Er funktioniert nur dort: Gehen Sie zurück zur Mail, kopieren Sie den Link und öffnen Sie ihn vor { $time } in jenem Browser.
relay-no-code-other = Sie haben den Link in einem anderen Browser geöffnet als dem, in dem Sie ihn bei { $host } angefordert haben. Er funktioniert nur dort: Gehen Sie zurück zur Mail, kopieren Sie den Link und öffnen Sie ihn vor { $time } in jenem Browser.
relay-never-code = Lesen Sie diesen Code niemandem vor und leiten Sie ihn nie weiter.
relay-never-link = Leiten Sie den Link nie weiter.
relay-nobody-asks = Niemand von { $site } wird Sie danach fragen. Wenn Sie das nicht selbst angefordert haben, schließen Sie diese Seite.

## Noch ein Schritt

confirm-title = Noch ein Schritt
confirm-text = Sie sind mit Ihrem Passwort angemeldet. Die gewünschte Seite verlangt zusätzlich einen Code, den wir an { $address } senden.

## Angemeldet und abgemeldet

signed-in-title = Sie sind angemeldet
signed-in-name = Name
signed-in-username = Benutzername
signed-in-email = E-Mail-Adresse
signed-in-with = Bestätigt durch
signed-in-with-code = Code per Mail
signed-in-since = Seit
signed-in-until = Bis
sign-out-title = Abmelden?
sign-out-text = Um zu { $site } zurückzukehren, müssen Sie sich erneut anmelden.
sign-out-stay = Angemeldet bleiben
signed-out-title = Sie sind abgemeldet
signed-out-text = Niemand kann { $site } in diesem Browser verwenden, ohne sich anzumelden.
signed-out-again = Erneut anmelden

## Das war ich nicht

not-me-title = Waren Sie das nicht?
not-me-text = Damit werden alle Browser abgemeldet, die in Ihrem Konto bei { $site } angemeldet sind, und die vertrauten Browser werden vergessen. Danach melden Sie sich mit Ihrem Passwort und einem Code neu an.
not-me-sure = Ja, das war ich nicht
not-me-go = Alle Browser abmelden
not-me-was-me = Das war ich
not-me-title-done = Überall abgemeldet
not-me-done = In Ihrem Konto ist kein Browser mehr angemeldet, und keinem wird mehr vertraut.
not-me-now = Ändern Sie jetzt Ihr Passwort und das Ihres Postfachs, und informieren Sie die Zuständigen von { $site }.
not-me-title-over = Diese Adresse gilt nicht mehr
not-me-over = Sie gilt sieben Tage. Wenn Sie glauben, dass jemand anderes Ihr Konto benutzt, informieren Sie die Zuständigen von { $site }.

## Was schiefgegangen ist

error-bad_request-title = Das war nicht zu verstehen
error-bad_request = Die Adresse oder das Formular war unvollständig. Prüfen Sie die Adresse, oder gehen Sie zurück und versuchen Sie es erneut.
error-forbidden-title = Kein Zugriff
error-forbidden = Ihr Konto darf diese Seite nicht öffnen. Wenn es das dürfen sollte, wenden Sie sich an die Zuständigen von { $site }, oder melden Sie sich mit einem anderen Konto an.
error-not_found-title = Seite nicht gefunden
error-not_found = Unter dieser Adresse gibt es nichts. Prüfen Sie, ob sie richtig geschrieben ist.
error-method_not_allowed-title = Das geht hier nicht
error-method_not_allowed = Diese Adresse kann mit dem Gesendeten nichts anfangen. Gehen Sie zurück und versuchen Sie es von der vorigen Seite aus.
error-form_expired-title = Diese Seite war zu lange geöffnet
error-form_expired = Deshalb wurde nichts gesendet und nichts geändert. Öffnen Sie die Seite neu und versuchen Sie es noch einmal. Wenn das wieder geschieht, erlauben Sie Ihrem Browser, Cookies dieser Website zu speichern.
error-too_large-title = Das war zu viel auf einmal
error-too_large = Das Gesendete ist größer, als diese Adresse annimmt; deshalb wurde nichts geändert. Gehen Sie zurück und senden Sie weniger.
error-head_too_large-title = Mit der Adresse kommt zu viel mit
error-head_too_large = Ihr Browser sendet mit der Adresse mehr, als hier angenommen wird; meist sind es zu viele Cookies. Löschen Sie die Cookies dieser Website und versuchen Sie es erneut.
error-address_too_long-title = Diese Adresse ist zu lang
error-address_too_long = So lange Adressen werden hier nicht angenommen. Gehen Sie zurück und versuchen Sie es mit einer kürzeren.
error-too_slow-title = Das hat zu lange gedauert
error-too_slow = Von dem, was Sie senden wollten, kam zu wenig an; deshalb wurde nichts geändert. Prüfen Sie Ihre Verbindung und senden Sie es noch einmal.
error-unknown_site-title = Hier ist keine Website
error-unknown_site = Unter diesem Namen gibt es hier keine Website. Prüfen Sie, ob die Adresse richtig geschrieben ist.
error-too_many_requests-title = Zu viele Versuche
error-unavailable-title = Im Moment nicht verfügbar
error-unavailable = Die Anmeldung funktioniert im Moment nicht. Versuchen Sie es in { $span } erneut; es geht nichts verloren.
error-upstream_unreachable-title = { $site } antwortet nicht
error-upstream_unreachable = { $site } selbst ist im Moment nicht erreichbar. Versuchen Sie es in einer Minute erneut. Wenn das nicht hilft, informieren Sie die Zuständigen.
error-upstream_timeout-title = { $site } ist zu langsam
error-upstream_timeout = { $site } hat zu lange für eine Antwort gebraucht. Versuchen Sie es in einer Minute erneut. Wenn das nicht hilft, informieren Sie die Zuständigen.
error-internal-title = Etwas ist schiefgegangen
error-internal = Der Fehler liegt bei uns, nicht bei Ihnen. Versuchen Sie es erneut. Wenn er wieder auftritt, informieren Sie die Zuständigen von { $site }.
error-number = Wenn Sie um Hilfe bitten, nennen Sie diese Nummer:

## Auf dem Weg zu einer anderen Website

ticket-title = Nicht angemeldet
ticket-title-onward = Angemeldet
ticket-title-in-circles = Die Anmeldung dreht sich im Kreis
ticket-onward = Weiter zu { $host }.
ticket-in-circles = Sie sind angemeldet, aber Ihr Browser behält nicht, was { $host } ihm dafür gibt. Lassen Sie Cookies für { $host } zu und versuchen Sie es noch einmal.
ticket-no-cookies = Ihr Browser hat kein Cookie von { $host } gezeigt: Er behält keine, oder Sie haben eine Adresse geöffnet, die ein anderer Browser bekommen hat. Lassen Sie Cookies für { $host } zu und versuchen Sie es noch einmal.
ticket-over = Der Weg von der Anmeldung zu { $host } gilt einmal, eine halbe Minute lang und nur in dem Browser, der ihn begonnen hat. Es ist nichts verloren: Versuchen Sie es noch einmal.

## Wohin sonst, statt sich anzumelden

login-forgot = Passwort vergessen?
login-register = Registrieren
login-password-changed = Ihr Passwort wurde geändert, und alle Browser wurden abgemeldet. Melden Sie sich mit dem neuen an.

## Ein neues Konto und ein neues Passwort

join-username = Benutzername
join-username-hint = Buchstaben, Ziffern, Punkte, Binde- und Unterstriche.
join-username-invalid = Ein Benutzername hat 1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche und beginnt mit einem Buchstaben oder einer Ziffer.
join-username-taken = Diesen Namen hat schon jemand anderes. Wählen Sie einen anderen.
join-email = E-Mail-Adresse
join-full-name = Vollständiger Name (freiwillig)
join-full-name-invalid = Ein Name hat höchstens 128 Zeichen.
register-title = Registrieren
register-email-hint = Dorthin senden wir einen Code, um zu sehen, dass sie Ihnen gehört.
register-email-domains = Sie muss auf { $domains } enden.
register-email-invalid = Das ist keine E-Mail-Adresse. Sie hat die Form name@example.com.
register-email-other-domain = Hier können sich nur Adressen registrieren, die auf { $domains } enden.
register-button = Registrieren
register-have-one = Sie haben schon ein Konto?
name-title = Wählen Sie einen anderen Namen
name-text = Ihre Adresse ist bestätigt. Den gewählten Namen hat inzwischen jemand anderes; wählen Sie deshalb einen anderen.
reset-title = Passwort vergessen?
reset-text = Sagen Sie, wer Sie sind. Wenn Sie ein Konto haben, senden wir an dessen Adresse einen Code, mit dem Sie ein neues Passwort wählen können.
reset-button = Code zusenden
reset-back = Zurück zur Anmeldung
new-password-title = Wählen Sie ein neues Passwort
new-password-text = Alle Browser, die in Ihrem Konto angemeldet sind, werden abgemeldet.
new-password-label = Neues Passwort
new-password-hint = Mindestens { $limit } Zeichen. Mehrere Wörter hintereinander sind gut.
new-password-button = Speichern
new-password-over-title = Das gilt nicht mehr
new-password-over-text = Ein neues Passwort kann nur einmal und nur kurze Zeit lang gewählt werden. Beginnen Sie von vorn, um einen neuen Code zu erhalten.
password-too-short = Ein Passwort hat mindestens { $limit } Zeichen.
password-too-long = Ein Passwort hat höchstens { $limit } Byte.
password-only-digits = Ein Passwort nur aus Ziffern ist schnell erraten. Fügen Sie Wörter hinzu.
password-like-username = Das ähnelt Ihrem Benutzernamen zu sehr. Wählen Sie etwas anderes.
password-like-email = Das ähnelt Ihrer E-Mail-Adresse zu sehr. Wählen Sie etwas anderes.
password-like-full-name = Das ähnelt Ihrem Namen zu sehr. Wählen Sie etwas anderes.
password-like-site-name = Das ähnelt dem Namen dieser Website zu sehr. Wählen Sie etwas anderes.
password-common = Das gehört zu den ersten Passwörtern, die jeder ausprobiert. Wählen Sie etwas anderes.
password-breached = Dieses Passwort wurde anderswo gestohlen und steht auf einer Liste. Wählen Sie etwas anderes, und ändern Sie es überall, wo Sie es verwenden.
password-unchecked = Es konnte nicht geprüft werden, ob dieses Passwort anderswo gestohlen wurde. Versuchen Sie es später noch einmal.
password-fair = Ein einzelnes Wort ist schnell erraten. Fügen Sie weitere Wörter hinzu.
password-good = Bisher spricht nichts dagegen.
invitation-title = Willkommen bei { $site }
invitation-text = Sie sind mit { $address } eingeladen. Wählen Sie ein Passwort, und Sie haben ein Konto.
invitation-username = Sie melden sich als { $name } an.
invitation-button = Konto anlegen
invitation-over-title = Diese Einladung gilt nicht mehr
invitation-over-text = Sie wurde verwendet, zurückgenommen oder ist zu alt. Wenn Sie noch kein Konto haben, bitten Sie die Zuständigen von { $site } um eine neue.

## Die Kontoseite

code-backup = Wenn Sie einen Ersatzcode haben, können Sie ihn statt des Codes eingeben.
account-title = Ihr Konto
account-back = Zurück zu Ihrem Konto
account-change = Ändern
account-profile = Profil
account-full-name = Vollständiger Name
account-full-name-hint = Diesen Namen zeigt { $site } von Ihnen. Sie können das Feld leer lassen.
account-full-name-bad = Ein Name hat höchstens 128 Zeichen in einer Zeile.
account-save-name = Namen speichern
account-language = Sprache
account-language-browser = Wie der Browser es wünscht
account-language-hint = Für diese Seiten und für Mails an Sie.
account-save-language = Sprache speichern
account-signing-in = Anmeldung
account-email = E-Mail-Adresse
account-password = Passwort
account-password-set = Es ist gesetzt. Nur Sie kennen es.
account-password-none = Sie melden sich allein mit einem Code per Mail an. Setzen Sie ein Passwort, wenn Sie mehr schützen wollen.
account-set-password = Passwort setzen
account-second-step = Code per Mail bei der Anmeldung
account-second-step-always = Diese Website verlangt ihn immer, zusätzlich zum Passwort.
account-second-step-on = Ein: Nach dem Passwort werden Sie überall nach einem Code gefragt.
account-second-step-off = Aus: Manche Seiten dieser Website verlangen nur das Passwort.
account-turn-on = Einschalten
account-turn-off = Ausschalten
account-backup-codes = Ersatzcodes
account-backup-codes-left = { $left ->
    [one] Noch 1 Code von denen, die am { $time } erstellt wurden.
   *[other] Noch { $left } Codes von denen, die am { $time } erstellt wurden.
}
account-backup-codes-none = Sie haben keine. Mit einem Ersatzcode melden Sie sich an, wenn die Mail nicht ankommt.
account-make-codes = Neue Codes erstellen
account-sessions = Angemeldet
account-sessions-hint = Browser, die in Ihrem Konto angemeldet sind.
account-this-browser = Dieser Browser
account-session-times = Seit { $since }. Zuletzt benutzt: { $seen }.
account-sign-out-others = Alle anderen abmelden
account-devices = Bekannte Browser
account-devices-hint = Browser, in denen Sie sich mit Passwort und Code angemeldet haben.
account-devices-none = Bisher keine. Ein Browser ist bekannt, sobald Sie sich darin mit Passwort und Code angemeldet haben.
account-device-trusted = Vertraut bis { $time }: Dort wird nicht nach einem Code gefragt.
account-device-known = Bekannt, es wird aber nach einem Code gefragt.
account-device-used = Zuletzt benutzt: { $time }, von { $place }.
account-forget = Vergessen
account-forget-all = Alle vergessen
account-sign-ins = Letzte Anmeldungen
account-sign-ins-none = Es sind keine vermerkt.
account-sign-ins-not-you = Eine davon waren nicht Sie? Ändern Sie Ihr Passwort und melden Sie alle anderen Browser ab.
account-result-signed-in = Angemeldet
account-result-wrong-password = Falsches Passwort
account-result-wrong-code = Falscher Code
account-result-limited = Zu oft versucht
account-done-name = Ihr Name wurde gespeichert.
account-done-language = Ihre Sprache wurde gespeichert.
account-done-password = Ihr Passwort wurde geändert. Alle anderen Browser wurden abgemeldet, und keinem wird mehr vertraut.
account-done-email = Ihre E-Mail-Adresse wurde geändert. Wir haben es auch der alten Adresse mitgeteilt.
account-done-second-step-on = Von jetzt an wird nach Codes gefragt. Alle anderen Browser wurden abgemeldet.
account-done-second-step-off = Wo ein Passwort genügt, wird nicht mehr nach Codes gefragt. Alle anderen Browser wurden abgemeldet.
account-done-signed-out = Der Browser wurde abgemeldet.
account-done-signed-out-others = Alle anderen Browser wurden abgemeldet.
account-done-forgotten = Der Browser wurde vergessen. Bei der nächsten Anmeldung wird dort nach einem Code gefragt.
account-done-forgotten-all = Alle Browser wurden vergessen. Bei den nächsten Anmeldungen wird nach einem Code gefragt.

## Das Passwort ändern

password-title = Passwort ändern
password-what = Danach werden alle anderen Browser abgemeldet, und keinem wird mehr vertraut. Wir senden Ihnen eine Mail darüber.
password-current = Bisheriges Passwort
password-new = Neues Passwort
password-missing = Geben Sie Ihr bisheriges Passwort ein.
password-wrong = Das ist nicht Ihr bisheriges Passwort. Geben Sie es noch einmal ein.
password-change = Passwort ändern

## Die E-Mail-Adresse ändern

email-title = E-Mail-Adresse ändern
email-what = Mails und Codes gehen jetzt an { $address }. Wir senden einen Code an die neue Adresse; sobald Sie ihn eingegeben haben, gehen sie dorthin. Beide Adressen werden benachrichtigt.
email-new = Neue E-Mail-Adresse
email-bad = Das ist keine E-Mail-Adresse. Sie hat die Form name@example.com.
email-same = Das ist bereits Ihre Adresse.

## Der zweite Schritt

second-step-title-on = Codes per Mail einschalten?
second-step-what-on = Nach dem Passwort werden Sie dann überall nach einem Code gefragt, damit niemand mit dem Passwort allein hineinkommt.
second-step-title-off = Codes per Mail ausschalten?
second-step-what-off = Seiten, die nur das Passwort verlangen, stehen dann allen offen, die es kennen. Seiten, die immer einen Code verlangen, tun das weiterhin.
second-step-code = Zur Bestätigung senden wir einen Code an { $address }.
signs-out-others = Danach werden alle anderen Browser abgemeldet, und keinem wird mehr vertraut.

## Ersatzcodes

backup-codes-title = Ihre Ersatzcodes
backup-codes-title-ask = Ersatzcodes erstellen?
backup-codes-what = Ein Ersatzcode ersetzt den Code per Mail, wenn keine Mail bei Ihnen ankommt. Sie erhalten zehn davon, und jeder gilt einmal.
backup-codes-once = Sie werden nur einmal gezeigt. Halten Sie einen Stift, einen Drucker oder einen sicheren Ort für eine Datei bereit.
backup-codes-old = { $left ->
    [one] Der 1 Code, den Sie noch haben, gilt dann nicht mehr.
   *[other] Die { $left } Codes, die Sie noch haben, gelten dann nicht mehr.
}
backup-codes-make = Neue Codes erstellen
backup-codes-made = Das sind Ihre neuen Codes. Frühere gelten nicht mehr.
backup-codes-keep = Bewahren Sie sie so auf, dass niemand sonst sie bekommt, und nicht nur in Ihrem Postfach. Sie werden nicht noch einmal gezeigt.
backup-codes-of = Ersatzcodes von { $username } für { $site }. Jeder gilt einmal, anstelle des Codes per Mail.
backup-codes-copy = Kopieren
backup-codes-copied = Kopiert
backup-codes-print = Drucken
backup-codes-download = Als Datei herunterladen
backup-codes-done = Ich habe sie aufbewahrt

## Sind Sie sicher?

sure-browser = Browser
sure-place = Adresse
sure-used = Zuletzt benutzt
sure-sign-out-title = Diesen Browser abmelden?
sure-sign-out = Dort ist dann eine neue Anmeldung nötig.
sure-sign-out-go = Abmelden
sure-sign-out-others-title = Alle anderen Browser abmelden?
sure-sign-out-others = Nur der Browser, den Sie gerade benutzen, bleibt angemeldet.
sure-sign-out-others-go = Alle anderen abmelden
sure-forget-title = Diesen Browser vergessen?
sure-forget = Bei der nächsten Anmeldung wird dort nach einem Code gefragt. Wenn er angemeldet ist, bleibt er es, bis Sie ihn abmelden.
sure-forget-go = Vergessen
sure-forget-all-title = Alle Browser vergessen?
sure-forget-all = Bei jeder nächsten Anmeldung wird nach einem Code gefragt, auch in dem Browser, den Sie gerade benutzen.
sure-forget-all-go = Alle vergessen

## Ohne Passwort

no-password-title = Setzen Sie zuerst ein Passwort
no-password-text = Das kann nur ändern, wer sich gerade mit Passwort und Code angemeldet hat, und Ihr Konto hat noch kein Passwort.

## Ein Formular, das ohne Anmeldung abgeschickt wurde

login-form-kept = Ihre Eingabe wird eine Viertelstunde lang aufbewahrt. Melden Sie sich an, dann können Sie sie absenden.
login-form-lost = Ihre Eingabe ist nicht angekommen und konnte nicht aufbewahrt werden. Melden Sie sich an und geben Sie sie noch einmal ein.
draft-title = Ihre Eingabe absenden?
draft-text = Sie waren beim Absenden nicht mehr angemeldet, deshalb ist die Eingabe nicht angekommen. Sie wurde aufbewahrt und kann einmal gesendet werden.
draft-target = Für
draft-as = Gesendet als
draft-send = Als { $name } absenden
draft-not-yours = Wenn jemand anderes sie eingegeben hat, verwerfen Sie sie: Niemand wird sie sehen.
draft-discard = Verwerfen
draft-title-discarded = Verworfen
draft-discarded = Es wurde nichts gesendet, und die Eingabe ist gelöscht.
draft-title-over = Es gibt nichts abzusenden
draft-over = Die Eingabe wurde gesendet oder verworfen, die Viertelstunde ist vorbei, oder ein anderer Browser hat sie. Sehen Sie nach, ob sie angekommen ist, bevor Sie sie noch einmal eingeben.

## Anmelden, das zu nichts führt

login-no-cookies = Ihr Browser hat das Cookie nicht zurückgegeben, das mit dieser Seite kam, deshalb wurde nichts gesendet. Lassen Sie Cookies für diese Website zu und versuchen Sie es noch einmal.
loop-title = Sie haben sich angemeldet, aber es hält nicht
loop-not-kept = Ihr Browser behält Cookies von { $host }, aber nicht das, mit dem Sie angemeldet sind. Der Grund kann eine Erweiterung sein oder eine Einstellung, die Cookies blockiert oder löscht: Machen Sie eine Ausnahme für { $host } und versuchen Sie es noch einmal.
loop-ended = Ihr Browser zeigt, dass Sie sich bei { $host } angemeldet haben, aber diese Anmeldung ist schon beendet. Löschen Sie die Cookies von { $host } in Ihrem Browser und versuchen Sie es noch einmal. Wenn das wiederkommt, geht vielleicht die Uhr des Servers falsch: Sagen Sie es denen, die die Website betreiben.
loop-host = Ihr Browser hat { $seen } geöffnet, aber ein Server auf dem Weg hat daraus { $host } gemacht, sodass Sie nicht angemeldet werden können. Sie selbst können das nicht beheben: Sagen Sie denen, die die Website betreiben, dass der Host-Header unverändert weitergegeben werden muss.
loop-scheme = Diese Seite wurde ohne Verschlüsselung geöffnet, und Cookies zum Anmelden behalten Browser nur mit Verschlüsselung. Öffnen Sie { $host } stattdessen über https.

## Damit kein Programm ein Formular absendet

captcha-work = Damit Programme dieses Formular nicht massenhaft absenden, rechnet Ihr Browser zuerst eine kleine Aufgabe.
captcha-working = Ihr Browser rechnet…
captcha-worked = Fertig. Sie können das Formular absenden.
captcha-held = Einen Augenblick: Das Formular wird abgesendet, sobald das fertig ist.
captcha-waiting = Ihr Browser kann die Aufgabe nicht rechnen. Das Formular kann { $span } nach dem Laden dieser Seite abgesendet werden.
captcha-no-script = Damit Programme dieses Formular nicht massenhaft absenden, kann es erst { $span } nach dem Laden dieser Seite abgesendet werden. Mit eingeschalteten Skripten entfällt das Warten.
captcha-provider = Damit Programme dieses Formular nicht massenhaft absenden, sieht sich ein Dienst von { $name } Ihren Browser an.
captcha-provider-no-script = Dieser Dienst braucht Skripte. Schalten Sie sie für diese Seite ein und laden Sie sie neu.
captcha-missing = Die Prüfung, dass kein Programm dieses Formular absendet, war nicht fertig. Es wurde nichts gesendet. Bitte senden Sie es noch einmal ab.
captcha-spent = Dieses Formular wurde schon abgesendet. Wenn daraus nichts geworden ist, senden Sie es noch einmal ab.
captcha-too-soon = Das war zu früh für einen Browser ohne Skripte. Es wurde nichts gesendet. Warten Sie { $span } und senden Sie es dann noch einmal ab.
captcha-limited = Dieses Formular wurde zu oft ohne Skripte abgesendet. Schalten Sie sie ein oder versuchen Sie es um { $time } wieder.
captcha-refused = Die Prüfung hält das für das Werk eines Programms. Es wurde nichts gesendet. Versuchen Sie es noch einmal. Wenn es wieder geschieht, sagen Sie es denen, die { $site } betreuen.
captcha-away = Der Dienst, der prüft, dass kein Programm dieses Formular absendet, antwortet nicht. Es wurde nichts gesendet. Versuchen Sie es in einigen Minuten wieder.

## Telefonnummern

code-title-sms = Sehen Sie auf Ihr Telefon
code-label-sms = 6-stelliger Code aus der SMS
code-wrong-sms = Das ist nicht der Code. Sehen Sie in der neuesten SMS nach und versuchen Sie es noch einmal.
resend-title-sms = Keine SMS?
resend-spam-sms = Es kann eine Minute dauern.
resend-hint-code-sms = Es kann eine Minute dauern. Sie können einen neuen Code senden lassen; der vorige gilt dann nicht mehr.
resend-none-left-code-sms = Es kann eine Minute dauern. Hier kann kein weiterer Code gesendet werden; beginnen Sie von vorn, um einen anderen zu bekommen.
code-for-phone = Er zeigt, dass die Nummer Ihnen gehört.
link-title-phone = Bestätigen Sie Ihre Nummer
link-ready-phone = Bestätigen Sie, dass { $address } Ihre Nummer bei { $site } ist.
account-phone = Telefonnummer
account-phone-none = Sie haben keine angegeben.
account-phone-add = Hinzufügen
account-phone-sms = Codes bei der Anmeldung kommen dorthin.
account-phone-mail = Codes bei der Anmeldung kommen per Mail.
account-done-phone = Ihre Telefonnummer wurde gespeichert.
account-done-phone-removed = Ihre Telefonnummer wurde entfernt. Codes kommen per Mail.
account-done-codes-by-sms = Codes kommen von jetzt an per SMS. Jeder andere Browser wurde abgemeldet.
account-done-codes-by-mail = Codes kommen von jetzt an per Mail. Jeder andere Browser wurde abgemeldet.
phone-title = Ihre Telefonnummer
phone-known = Ihre Nummer ist { $number }.
phone-label = Telefonnummer
phone-other = Andere Nummer
phone-hint = Mit + und der Landesvorwahl: +41 79 123 45 67. Wir senden einen Code dorthin, um zu sehen, dass sie Ihnen gehört.
phone-bad = Das ist keine Telefonnummer. Schreiben Sie sie mit + und der Landesvorwahl: +41 79 123 45 67.
phone-same = Das ist schon Ihre Nummer.
phone-not-there = An solche Nummern senden wir keine SMS. Nehmen Sie eine andere Nummer oder bleiben Sie bei Codes per Mail.
phone-codes-title = Codes bei der Anmeldung
phone-codes-sms = Sie kommen per SMS an diese Nummer.
phone-codes-mail = Sie kommen per Mail. Sie können stattdessen an diese Nummer kommen.
phone-by-sms = Codes per SMS bekommen
phone-by-mail = Codes per Mail bekommen
phone-remove-title = Nummer entfernen
phone-remove-sms = Codes kommen dann wieder per Mail, und jeder andere Browser wird abgemeldet.
phone-remove-plain = Wir vergessen sie dann.
phone-remove = Entfernen
not-your-address-sms = Nicht Ihre Nummer?
