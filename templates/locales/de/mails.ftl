### Die Texte der Mails.

## Alle Mails

who-time = Zeit
who-address = Adresse
who-browser = Browser
fact = { $name }: { $value }
not-you = Das waren Sie nicht?
was-you = Das waren Sie?
nothing-to-do = Dann müssen Sie nichts tun.
minutes = { $count ->
    [0] weniger als eine Minute
    [one] 1 Minute
   *[other] { $count } Minuten
}

## Codes und Links für die Anmeldung

asked-title = Wer danach gefragt hat
code-subject = Ihr Anmeldecode für { $site }
code-title = Ihr Anmeldecode
code-preview = Öffnen Sie diese Mail, um den Code für die Anmeldung bei { $site } zu sehen. Er gilt bis { $time }.
code-type-it = Geben Sie ihn dort ein, wo Sie sich bei { $site } anmelden.
code-intro = Hier ist Ihr Anmeldecode. Geben Sie ihn dort ein, wo Sie sich bei { $site } anmelden. Geben Sie ihn niemandem: Niemand wird Sie je bitten, ihn vorzulesen oder weiterzuleiten.
code-or-link = Oder { $link } in dem Browser, in dem Sie sich anmelden.
code-or-link-words = öffnen Sie diesen Link
code-or-link-text = Oder öffnen Sie diesen Link in dem Browser, in dem Sie sich anmelden:
code-one-works = Eines von beiden funktioniert, ein einziges Mal, { $span } lang: bis { $time }.
code-never = Niemand wird Sie je bitten, den Code vorzulesen oder diese Mail weiterzuleiten.
link-subject = Ihr Anmeldelink für { $site }
link-title = Ihr Anmeldelink
link-preview = Öffnen Sie diese Mail, um den Link für die Anmeldung bei { $site } zu sehen. Er gilt bis { $time }.
link-open-it = Öffnen Sie ihn in dem Browser, in dem Sie sich bei { $site } anmelden.
link-button = Bei { $site } anmelden
link-intro = Hier ist Ihr Anmeldelink. Öffnen Sie ihn in dem Browser, in dem Sie sich bei { $site } anmelden. Geben Sie ihn niemandem: Niemand wird Sie je bitten, ihn weiterzuleiten.
link-works = Er funktioniert ein einziges Mal, { $span } lang: bis { $time }.
link-no-code = Diese Mail enthält keinen Code: Für Ihr Konto wurden zu viele falsche Codes eingegeben, deshalb gilt vorerst nur der Link.
link-never = Niemand wird Sie je bitten, diese Mail weiterzuleiten.
not-you-code = Dann kennt jemand Ihr Passwort. Geben Sie Code und Link niemandem, ändern Sie Ihr Passwort, und informieren Sie die Zuständigen von { $name }.
not-you-link = Dann kennt jemand Ihr Passwort. Geben Sie den Link niemandem, ändern Sie Ihr Passwort, und informieren Sie die Zuständigen von { $name }.
not-you-code-passwordless = Dann hat jemand Ihren Namen oder Ihre Adresse eingegeben. Ohne diese Mail kommt niemand hinein; Sie müssen also nichts tun. Geben Sie Code und Link niemandem.
not-you-link-passwordless = Dann hat jemand Ihren Namen oder Ihre Adresse eingegeben. Ohne diese Mail kommt niemand hinein; Sie müssen also nichts tun. Geben Sie den Link niemandem.
why = Gesendet, weil sich jemand mit Ihrem Passwort bei { $origin } angemeldet hat.
why-passwordless = Gesendet, weil sich jemand mit Ihrem Namen oder Ihrer Adresse bei { $origin } anmelden wollte.

## Codes und Links für alles andere

confirm-subject-sign_up = Bestätigen Sie Ihre Adresse für { $site }
confirm-subject-reset = Wählen Sie ein neues Passwort für { $site }
confirm-subject-email_change = Bestätigen Sie Ihre neue Adresse für { $site }
confirm-subject-second_step_on = Zweiten Schritt einschalten bei { $site }
confirm-subject-second_step_off = Zweiten Schritt ausschalten bei { $site }
confirm-for-sign_up = Mit ihm zeigen Sie, dass diese Adresse Ihnen gehört.
confirm-for-reset = Mit ihm wählen Sie ein neues Passwort.
confirm-for-email_change = Mit ihm erhalten Sie die Mails Ihres Kontos hier.
confirm-for-second_step_on = Mit ihm schalten Sie den zweiten Schritt ein.
confirm-for-second_step_off = Mit ihm schalten Sie den zweiten Schritt aus.
confirm-code-title = Ihr Code
confirm-code-preview = Öffnen Sie diese Mail, um Ihren Code für { $site } zu sehen. Er gilt bis { $time }.
confirm-code-type-it = Geben Sie ihn dort ein, wo Sie ihn bei { $site } angefordert haben.
confirm-code-intro = Hier ist Ihr Code für { $site }. { $use } Geben Sie ihn dort ein, wo Sie ihn angefordert haben. Geben Sie ihn niemandem: Niemand wird Sie je bitten, ihn vorzulesen oder weiterzuleiten.
confirm-code-or-link = Oder { $link } in dem Browser, in dem Sie ihn angefordert haben.
confirm-code-or-link-text = Oder öffnen Sie diesen Link in dem Browser, in dem Sie ihn angefordert haben:
confirm-link-title = Ihr Link
confirm-link-preview = Öffnen Sie diese Mail, um Ihren Link für { $site } zu sehen. Er gilt bis { $time }.
confirm-link-open-it = Öffnen Sie ihn in dem Browser, in dem Sie ihn bei { $site } angefordert haben.
confirm-link-button = Weiter bei { $site }
confirm-link-intro = Hier ist Ihr Link für { $site }. { $use } Öffnen Sie ihn in dem Browser, in dem Sie ihn angefordert haben. Geben Sie ihn niemandem: Niemand wird Sie je bitten, ihn weiterzuleiten.
confirm-link-no-code = Diese Mail enthält keinen Code: Es wurden zu viele falsche Codes eingegeben, deshalb gilt vorerst nur der Link.
confirm-not-you-code-sign_up = Dann hat jemand Ihre Adresse eingegeben. Ohne diese Mail kann niemand sie verwenden; Sie müssen also nichts tun. Geben Sie Code und Link niemandem.
confirm-not-you-code-email_change = Dann hat jemand Ihre Adresse eingegeben. Ohne diese Mail kann niemand sie verwenden; Sie müssen also nichts tun. Geben Sie Code und Link niemandem.
confirm-not-you-code-reset = Dann hat jemand Ihren Namen oder Ihre Adresse eingegeben. Ohne diese Mail kann niemand Ihr Passwort ändern; Sie müssen also nichts tun. Geben Sie Code und Link niemandem.
confirm-not-you-code-second_step_on = Dann ist jemand in Ihrem Konto angemeldet. Geben Sie Code und Link niemandem, ändern Sie Ihr Passwort, und informieren Sie die Zuständigen von { $name }.
confirm-not-you-code-second_step_off = Dann ist jemand in Ihrem Konto angemeldet. Geben Sie Code und Link niemandem, ändern Sie Ihr Passwort, und informieren Sie die Zuständigen von { $name }.
confirm-not-you-link-sign_up = Dann hat jemand Ihre Adresse eingegeben. Ohne diese Mail kann niemand sie verwenden; Sie müssen also nichts tun. Geben Sie den Link niemandem.
confirm-not-you-link-email_change = Dann hat jemand Ihre Adresse eingegeben. Ohne diese Mail kann niemand sie verwenden; Sie müssen also nichts tun. Geben Sie den Link niemandem.
confirm-not-you-link-reset = Dann hat jemand Ihren Namen oder Ihre Adresse eingegeben. Ohne diese Mail kann niemand Ihr Passwort ändern; Sie müssen also nichts tun. Geben Sie den Link niemandem.
confirm-not-you-link-second_step_on = Dann ist jemand in Ihrem Konto angemeldet. Geben Sie den Link niemandem, ändern Sie Ihr Passwort, und informieren Sie die Zuständigen von { $name }.
confirm-not-you-link-second_step_off = Dann ist jemand in Ihrem Konto angemeldet. Geben Sie den Link niemandem, ändern Sie Ihr Passwort, und informieren Sie die Zuständigen von { $name }.
confirm-why = Gesendet, weil jemand bei { $origin } danach gefragt hat.

## Zu viele falsche Codes

spent-subject = Zu viele falsche Codes für Ihr Konto bei { $site }
spent-title = Zu viele falsche Codes
spent-preview = Niemand ist hineingekommen. Mit dem Link aus der Mail, die Sie erhalten, können Sie sich weiterhin anmelden.
spent-what = Für Ihr Konto bei { $site } wurden mehr falsche Anmeldecodes eingegeben, als wir zulassen. Mit einem falschen Code kommt niemand hinein.
spent-until = Bis { $time } werden Codes nur von Browsern angenommen, in denen Sie sich schon einmal angemeldet haben. In jedem anderen Browser melden Sie sich wie gewohnt an und öffnen den Link in der Mail, die Sie erhalten.
spent-who = Der letzte falsche Code
spent-not-you = Wenn Sie sich mit einem Passwort anmelden, ändern Sie es: Wer die Codes eingegeben hat, kennt es vielleicht. Informieren Sie dann die Zuständigen von { $name }.
spent-why = Gesendet wegen falscher Codes für Ihr Konto bei { $origin }. Wir teilen das einmal mit, nicht bei jedem Code.

## Das richtige Passwort, dann falsche Codes

wrong-code-subject = Falsche Codes für Ihr Konto bei { $site }
wrong-code-title = Richtiges Passwort, falsche Codes
wrong-code-preview = Das Passwort davor war richtig. Wenn Sie das nicht waren, ändern Sie Ihr Passwort.
wrong-code-what = Jemand hat bei { $site } Ihr Passwort eingegeben und danach falsche Codes. Mit einem falschen Code kommt niemand hinein.
wrong-code-who = Wer sie eingegeben hat
wrong-code-not-you = Dann kennt jemand Ihr Passwort. Ändern Sie es jetzt, auch überall dort, wo Sie es sonst verwenden. Informieren Sie dann die Zuständigen von { $name }.
wrong-code-why = Gesendet wegen falscher Codes für Ihr Konto bei { $origin }.

## Viele falsche Passwörter

passwords-subject = Falsche Passwörter für Ihr Konto bei { $site }
passwords-title = Viele falsche Passwörter
passwords-preview = Niemand ist damit hineingekommen. Browser, in denen Sie sich schon einmal angemeldet haben, funktionieren wie gewohnt.
passwords-what = Für Ihr Konto bei { $site } wurden viele falsche Passwörter eingegeben. Niemand ist damit hineingekommen.
passwords-wait = Browser, die Ihr Konto nicht kennt, müssen jetzt zwischen zwei Versuchen warten. Browser, in denen Sie sich schon einmal angemeldet haben, funktionieren wie gewohnt.
passwords-who = Das letzte falsche Passwort
passwords-not-you = Wenn niemand sonst Ihr Passwort kennen oder erraten kann und Sie es nirgendwo sonst verwenden, müssen Sie nichts tun. Ändern Sie es im Zweifel.
passwords-why = Gesendet wegen falscher Passwörter für Ihr Konto bei { $origin }. Wir teilen das nicht bei jedem einzelnen mit.

## Ein kopiertes Cookie

stolen-subject = Ein vertrauter Browser wurde aus Ihrem Konto bei { $site } entfernt
stolen-title = Ein vertrauter Browser wurde entfernt
stolen-preview = Sein Cookie wurde vielleicht kopiert. Er ist abgemeldet und gilt nicht mehr als vertraut; bitte ändern Sie Ihr Passwort.
stolen-what = Sie haben bei { $site } dem Browser „{ $device }“ vertraut, damit dort nicht nach einem Code gefragt wird. Eine alte Kopie seines Cookies wurde benutzt: Vielleicht hat es jemand von Ihrem Computer kopiert.
stolen-done = Zur Sicherheit ist der Browser abgemeldet und gilt nicht mehr als vertraut.
stolen-who = Wer die Kopie benutzt hat
stolen-to-do = Was Sie tun sollten
stolen-change = Melden Sie sich neu an und ändern Sie Ihr Passwort. Suchen Sie auf jenem Computer nach Programmen und Browser-Erweiterungen, die Sie nicht kennen. Informieren Sie dann die Zuständigen von { $name }.
stolen-backup = Wenn Sie diesen Browser gerade aus einer Sicherung wiederhergestellt haben, war das der Grund; dann genügt es, sich neu anzumelden.
stolen-why = Gesendet, weil ein vertrauter Browser aus Ihrem Konto bei { $origin } entfernt wurde.

## The refresh token of a program, used twice

reused-subject = Ein Programm wurde von Ihrem Konto bei { $site } abgemeldet
reused-title = Ein Programm wurde abgemeldet
reused-preview = Vielleicht hat jemand eine Kopie seines Schlüssels. Bitte ändern Sie Ihr Passwort.
reused-what = „{ $program }“ war bei { $site } mit Ihrem Konto angemeldet. Der Schlüssel, mit dem es angemeldet bleibt, wurde zweimal benutzt: Vielleicht hat jemand eine Kopie davon.
reused-done = Zur Sicherheit ist diese Anmeldung beendet, für alle, die sie benutzt haben.
reused-who = Wer ihn noch einmal benutzt hat
reused-to-do = Was Sie tun sollten
reused-change = Melden Sie sich neu an und ändern Sie Ihr Passwort. Suchen Sie auf jenem Gerät nach Programmen, die Sie nicht kennen. Informieren Sie dann die Zuständigen von { $name }.
reused-backup = Wenn Sie dieses Gerät oder Programm gerade aus einer Sicherung wiederhergestellt haben, war das der Grund; dann genügt es, sich neu anzumelden.
reused-why = Gesendet, weil eine Anmeldung an Ihrem Konto bei { $origin } beendet wurde.

## Eine ungewöhnliche Anmeldung

unusual-subject = Eine ungewöhnliche Anmeldung in Ihrem Konto bei { $site }
unusual-title = Eine ungewöhnliche Anmeldung
unusual-preview = Wenn Sie das waren, müssen Sie nichts tun. Wenn nicht, können Sie alle Browser abmelden.
unusual-what = Jemand hat sich in Ihrem Konto bei { $site } angemeldet, und etwas daran ist ungewöhnlich:
unusual-new_browser = Ihr Konto kennt diesen Browser nicht.
unusual-new_country = Aus diesem Land hat sich in Ihrem Konto noch niemand angemeldet ({ $place }).
unusual-new_network = Aus diesem Teil des Internets hat sich in Ihrem Konto noch niemand angemeldet.
unusual-too_quick = Kurz davor gab es in Ihrem Konto eine Anmeldung von anderswo ({ $place }).
unusual-who = Wer sich angemeldet hat
unusual-was-you = Wenn Sie das waren
unusual-was-not-you = Wenn Sie das nicht waren
unusual-nothing = Sie müssen nichts tun.
unusual-sign-out = { $link } und die vertrauten vergessen.
unusual-sign-out-words = Alle Browser abmelden
unusual-sign-out-text = Öffnen Sie diese Adresse. Damit werden alle Browser abgemeldet und die vertrauten vergessen:
unusual-then = Ändern Sie danach Ihr Passwort und das Ihres Postfachs, und informieren Sie die Zuständigen von { $name }.
unusual-why = Gesendet wegen einer Anmeldung in Ihrem Konto bei { $origin }.

## Ein neues Konto mit einer Adresse, die schon eines hat

taken-subject = Sie haben schon ein Konto bei { $site }
taken-title = Sie haben schon ein Konto
taken-preview = Jemand wollte mit Ihrer Adresse ein neues Konto. Es hat sich nichts geändert.
taken-what = Jemand wollte mit Ihrer Adresse ein neues Konto bei { $site }. Sie haben schon eines; deshalb wurde keines angelegt, und es hat sich nichts geändert.
taken-was-you = Dann melden Sie sich mit dem Konto an, das Sie haben. Wenn Sie sein Passwort nicht mehr wissen, wählen Sie ein neues: Dort, wo Sie sich anmelden, gibt es einen Link dafür.
taken-not-you = Dann müssen Sie nichts tun. Wer auch immer es war, erfährt nicht, dass Sie ein Konto haben.
taken-why = Gesendet, weil jemand bei { $origin } Ihre Adresse eingegeben hat.

## Ein geändertes Passwort

changed-subject = Ihr Passwort bei { $site } wurde geändert
changed-title = Ihr Passwort wurde geändert
changed-preview = Wenn Sie das waren, müssen Sie nichts tun. Wenn nicht, benutzt jemand Ihr Konto.
changed-what = Das Passwort Ihres Kontos bei { $site } wurde geändert. Alle anderen Browser wurden abgemeldet, und keinem wird mehr vertraut.
changed-who = Wer es geändert hat
changed-not-you = Dann kennt jemand Ihr Passwort oder liest Ihre Mails. Ändern Sie zuerst das Passwort Ihres Postfachs, wählen Sie dann hier ein neues, und informieren Sie die Zuständigen von { $name }.
changed-why = Gesendet, weil bei { $origin } ein Passwort geändert wurde.

## Eine Einladung

invitation-subject = Sie sind zu { $site } eingeladen
invitation-title = Sie sind eingeladen
invitation-preview = Wählen Sie ein Passwort, und Sie haben ein Konto. Der Link gilt bis { $time }.
invitation-what = Sie sind zu { $name } ({ $site }) eingeladen. Wählen Sie ein Passwort, und Sie haben ein Konto.
invitation-button = Passwort wählen
invitation-works = Der Link gilt ein einziges Mal, bis { $time }. Geben Sie ihn niemandem: Wer ihn zuerst öffnet, bekommt das Konto.
invitation-unknown = Sie wissen nichts davon?
invitation-why = Gesendet, weil die Zuständigen von { $name } bei { $origin } Ihre Adresse eingegeben haben.

## Was an einem Konto geändert wurde

email-changed-subject = Die E-Mail-Adresse Ihres Kontos bei { $site } wurde geändert
email-changed-title = Ihre E-Mail-Adresse wurde geändert
email-changed-preview = Mails und Codes gehen jetzt an eine andere Adresse. Wenn Sie das nicht waren, lesen Sie weiter.
email-changed-what = Mails und Codes Ihres Kontos bei { $site } gehen jetzt an { $new }.
email-changed-who = Wer sie geändert hat
email-changed-not-you = Dann benutzt jemand anderes Ihr Konto. Schreiben Sie sofort den Zuständigen von { $name }: Sie selbst können keine Codes mehr erhalten.
email-changed-not-you-new = Dann hat jemand Ihre Adresse und deren Code versehentlich eingegeben. Informieren Sie die Zuständigen von { $name }.
email-changed-why = Wegen einer Änderung bei { $origin } an die alte und die neue Adresse gesendet.
second-step-on-subject = Codes per Mail sind für Ihr Konto bei { $site } eingeschaltet
second-step-on-title = Codes per Mail sind eingeschaltet
second-step-on-preview = Nach dem Passwort werden Sie von jetzt an nach einem Code gefragt.
second-step-on-what = Bei { $site } werden Sie von jetzt an nach dem Passwort nach einem Code gefragt. Alle anderen Browser wurden abgemeldet, und keinem wird mehr vertraut.
second-step-on-who = Wer sie eingeschaltet hat
second-step-on-not-you = Dann kennt jemand Ihr Passwort und liest Ihre Mails. Ändern Sie zuerst das Passwort Ihres Postfachs, dann das hiesige, und informieren Sie die Zuständigen von { $name }.
second-step-on-why = Gesendet wegen einer Änderung an Ihrem Konto bei { $origin }.
second-step-off-subject = Codes per Mail sind für Ihr Konto bei { $site } ausgeschaltet
second-step-off-title = Codes per Mail sind ausgeschaltet
second-step-off-preview = Manche Seiten öffnet jetzt Ihr Passwort allein. Wenn Sie das nicht waren, lesen Sie weiter.
second-step-off-what = Manche Seiten von { $site } stehen jetzt allen offen, die Ihr Passwort kennen; dort wird nicht mehr nach einem Code gefragt. Alle anderen Browser wurden abgemeldet.
second-step-off-who = Wer sie ausgeschaltet hat
second-step-off-not-you = Dann kennt jemand Ihr Passwort und liest Ihre Mails. Ändern Sie zuerst das Passwort Ihres Postfachs, dann das hiesige, schalten Sie Codes wieder ein, und informieren Sie die Zuständigen von { $name }.
second-step-off-why = Gesendet wegen einer Änderung an Ihrem Konto bei { $origin }.
backup-made-subject = Neue Ersatzcodes für Ihr Konto bei { $site }
backup-made-title = Neue Ersatzcodes wurden erstellt
backup-made-preview = Die bisherigen gelten nicht mehr.
backup-made-what = Für Ihr Konto bei { $site } wurden neue Ersatzcodes erstellt. Die bisherigen gelten nicht mehr.
backup-made-who = Wer sie erstellt hat
backup-made-not-you = Dann kann sich jemand ohne Ihre Mails anmelden. Ändern Sie jetzt Ihr Passwort, erstellen Sie selbst neue Codes, und informieren Sie die Zuständigen von { $name }.
backup-made-why = Gesendet, weil bei { $origin } Ersatzcodes erstellt wurden.
backup-used-subject = Ein Ersatzcode wurde bei { $site } verwendet
backup-used-title = Ein Ersatzcode wurde verwendet
backup-used-preview = Jemand hat sich damit in Ihrem Konto angemeldet.
backup-used-what = Jemand hat sich mit Ihrem Passwort und einem Ersatzcode in Ihrem Konto bei { $site } angemeldet.
backup-used-left = { $left ->
    [0] Es ist keiner mehr übrig. Erstellen Sie auf Ihrer Kontoseite neue.
    [one] Noch 1 Code ist übrig.
   *[other] Noch { $left } Codes sind übrig.
}
backup-used-who = Wer sich angemeldet hat
backup-used-not-you = Dann hat jemand Ihr Passwort und Ihre Ersatzcodes. Ändern Sie jetzt Ihr Passwort, erstellen Sie neue Codes, und informieren Sie die Zuständigen von { $name }.
backup-used-why = Gesendet, weil bei { $origin } ein Ersatzcode verwendet wurde.

## Telefonnummern

sms-sign_in = { $code } ist Ihr Code für die Anmeldung bei { $site }. Geben Sie ihn niemandem.
sms-phone = { $code } zeigt { $site }, dass diese Nummer Ihnen gehört. Geben Sie ihn niemandem.
phone-changed-subject = Ihre Telefonnummer bei { $site }
phone-changed-preview = An der Telefonnummer Ihres Kontos wurde etwas geändert.
phone-changed-title = Ihre Telefonnummer wurde geändert
phone-changed-set = Zu Ihrem Konto bei { $site } wurde eine Telefonnummer hinzugefügt.
phone-changed-removed = Die Telefonnummer Ihres Kontos bei { $site } wurde entfernt. Codes kommen per Mail.
phone-changed-by-sms = Die Codes für die Anmeldung bei { $site } kommen von jetzt an per SMS auf Ihr Telefon.
phone-changed-by-mail = Die Codes für die Anmeldung bei { $site } kommen wieder per Mail.
phone-changed-who = Wer es geändert hat
phone-changed-not-you = Dann ist jemand in Ihrem Konto angemeldet. Ändern Sie sofort Ihr Passwort und sagen Sie es denen, die { $name } betreuen.
phone-changed-why = Gesendet, weil das auf Ihrer Kontoseite bei { $origin } geändert wurde.
