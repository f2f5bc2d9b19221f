### Les textes des pages.

## Toutes les pages

title-error = Erreur :
languages = Langue
show = Afficher
hide = Masquer
show-password = Afficher le mot de passe
hide-password = Masquer le mot de passe
sign-in = Se connecter
sign-out = Se déconnecter
start-again = Recommencer
try-again = Réessayer
go-on = Continuer
go-to-site = Aller sur { $site }
busy-signing-in = Connexion…
busy-signing-out = Déconnexion…
busy-sending = Envoi…
busy-checking = Vérification…
busy-saving = Enregistrement…
span = { $unit ->
    [second] { $count ->
        [one] { $count } seconde
       *[other] { $count } secondes
    }
    [minute] { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
    [hour] { $count ->
        [one] { $count } heure
       *[other] { $count } heures
    }
   *[day] { $count ->
        [one] { $count } jour
       *[other] { $count } jours
    }
}
countdown = (dans { $time })
countdown-left = (encore { $time })
works-until = Valable jusqu’à { $time }
limited = Il y a eu trop d’essais. Vous pourrez réessayer à { $time }.
form-expired = Cette page est restée ouverte trop longtemps ; rien n’a été envoyé. Veuillez réessayer.
trust = Faire confiance à ce navigateur pendant { $span } : aucun code ne vous y sera demandé

## Se connecter

login-username = Nom d’utilisateur ou adresse e-mail
login-username-missing = Saisissez votre nom d’utilisateur ou votre adresse e-mail.
login-password = Mot de passe
login-password-missing = Saisissez votre mot de passe.
login-remember = Rester connecté sur cet appareil
login-send-code = M’envoyer un code
login-what-comes = Vous recevrez un e-mail avec un code à 6 chiffres pour vous connecter.
login-wrong = Ce nom et ce mot de passe ne vont pas ensemble. Vérifiez les deux et réessayez.
login-wrong-name = Cela n’a pas fonctionné. Vérifiez le nom et réessayez.
login-disabled = Ce compte est désactivé. Demandez aux responsables de { $site } de le réactiver.
login-busy = Trop de personnes se connectent en ce moment. Réessayez dans { $span }.
login-delayed = Trop de mots de passe erronés depuis des navigateurs inconnus. Réessayez dans { $span }, ou dans un navigateur où vous vous êtes déjà connecté.
login-flow-lost = Votre connexion a été interrompue. Veuillez recommencer.

## Le code

code-title = Consultez vos e-mails
code-title-expired = Ce code a expiré
code-title-link-only = Ouvrez le lien de l’e-mail
code-title-exhausted = Plus aucun essai
code-title-spent = Ce code a déjà été utilisé
code-sent = Nous avons envoyé un code à 6 chiffres à { $address }.
code-sent-letters = Nous avons envoyé un code de 8 lettres à { $address }.
code-for-sign_up = Il prouve que l’adresse est à vous.
code-for-reset = Il vous permet de choisir un nouveau mot de passe.
code-for-email_change = Il prouve que la nouvelle adresse est à vous.
code-for-second_step_on = Il vous permet d’activer la deuxième étape.
code-for-second_step_off = Il vous permet de désactiver la deuxième étape.
code-label = Code à 6 chiffres reçu par e-mail
code-label-letters = Code reçu par e-mail
code-letters = Mon code contient des lettres
code-resent = Nous avons envoyé un nouveau code. Le précédent n’est plus valable.
code-resent-link = Nous avons envoyé un nouveau lien. Le précédent n’est plus valable.
code-wrong = Ce n’est pas le bon code. Regardez l’e-mail le plus récent et réessayez.
code-not-digits = Un code a 6 chiffres. Saisissez-les tous.
code-not-letters = Un code a 8 lettres. Saisissez-les toutes.
code-tries-left = { $left ->
    [one] Encore { $left } essai
   *[other] Encore { $left } essais
}
code-over = Ce code a expiré. Envoyez-en un nouveau pour continuer.
code-over-none-left = Ce code a expiré. Recommencez pour en recevoir un autre.
code-over-link = Ce lien a expiré. Envoyez-en un nouveau pour continuer.
code-over-link-none-left = Ce lien a expiré. Recommencez pour en recevoir un autre.
code-expired = Le code pour { $address } était valable jusqu’à { $time }. Envoyez-en un nouveau pour continuer.
code-expired-none-left = Le code pour { $address } était valable jusqu’à { $time }. Aucun autre code ne peut être envoyé ; recommencez pour en recevoir un.
code-link-only = Trop de codes erronés ont été saisis ; pour le moment, les codes ne sont pas acceptés. Le lien de l’e-mail envoyé à { $address } fonctionne : ouvrez-le dans ce navigateur.
code-exhausted = Le code a été mal saisi trop souvent et n’est plus valable. Recommencez pour en recevoir un autre.
spent = Si c’était vous, vous êtes connecté et pouvez continuer. Sinon, recommencez pour en recevoir un autre.
spent-other = Si c’était vous, vous n’avez plus rien à faire. Sinon, recommencez pour en recevoir un autre.
resend-title = Pas d’e-mail ?
resend-code = Envoyer un nouveau code
resend-link = Envoyer un nouveau lien
resend-too-soon-code = Il est trop tôt pour un nouveau code. Attendez { $time }, puis réessayez.
resend-too-soon-link = Il est trop tôt pour un nouveau lien. Attendez { $time }, puis réessayez.
resend-spam = Regardez aussi dans les courriers indésirables.
resend-at-code = Vous pourrez envoyer un nouveau code à { $time }.
resend-at-link = Vous pourrez envoyer un nouveau lien à { $time }.
resend-hint-code = Regardez aussi dans les courriers indésirables, ou envoyez un nouveau code. Le précédent ne sera alors plus valable.
resend-hint-link = Regardez aussi dans les courriers indésirables, ou envoyez un nouveau lien. Le précédent ne sera alors plus valable.
resend-now-code = Vous pouvez maintenant envoyer un nouveau code.
resend-now-link = Vous pouvez maintenant envoyer un nouveau lien.
resend-none-left-code = Regardez aussi dans les courriers indésirables. Aucun autre code ne peut être envoyé ici ; recommencez pour en recevoir un.
resend-none-left-link = Regardez aussi dans les courriers indésirables. Aucun autre lien ne peut être envoyé ici ; recommencez pour en recevoir un.
not-your-address = Ce n’est pas votre adresse ?

## Le lien

link-title-sign_in = Se connecter
link-title-sign_up = Confirmez votre adresse
link-title-reset = Choisissez un nouveau mot de passe
link-title-email_change = Confirmez votre nouvelle adresse
link-title-second_step_on = Activer la deuxième étape
link-title-second_step_off = Désactiver la deuxième étape
link-title-expired = Ce lien a expiré
link-title-spent = Ce lien a déjà été utilisé
link-ready-sign_in = Vous avez ouvert le lien que nous avons envoyé à { $address }. Si vous l’avez demandé, continuez vers { $site }. Sinon, fermez cette page.
link-ready-sign_up = Vous avez ouvert le lien que nous avons envoyé à { $address }. Si vous avez demandé un compte sur { $site }, continuez. Sinon, fermez cette page.
link-ready-reset = Vous avez ouvert le lien que nous avons envoyé à { $address }. Si vous voulez choisir un nouveau mot de passe, continuez. Sinon, fermez cette page.
link-ready-email_change = Vous avez ouvert le lien que nous avons envoyé à { $address }. Si vous avez demandé à recevoir ici les e-mails de votre compte, continuez. Sinon, fermez cette page.
link-ready-second_step_on = Vous avez ouvert le lien que nous avons envoyé à { $address }. Si vous avez demandé à activer la deuxième étape, continuez. Sinon, fermez cette page.
link-ready-second_step_off = Vous avez ouvert le lien que nous avons envoyé à { $address }. Si vous avez demandé à désactiver la deuxième étape, continuez. Sinon, fermez cette page.
link-over = Ce lien a expiré. Recommencez pour en recevoir un autre.
link-expired = Un lien ne sert qu’une fois, pendant peu de temps, et n’est plus valable dès qu’un e-mail plus récent a été envoyé. Cherchez un e-mail plus récent, ou recommencez pour en recevoir un.

## Le lien dans un autre navigateur

relay-title = Saisissez ce code là où vous l’avez demandé
relay-title-no-code = Ouvrez le lien dans l’autre navigateur
relay-text = Vous avez ouvert le lien dans un autre navigateur que celui où vous vous connectez à { $host }. Pour vous y connecter, saisissez-y ce code :
relay-text-other = Vous avez ouvert le lien dans un autre navigateur que celui où vous l’avez demandé sur { $host }. Pour y continuer, saisissez-y ce code :
relay-over = Ce code a expiré. Envoyez-en un nouveau là où vous vous connectez.
relay-over-other = Ce code a expiré. Envoyez-en un nouveau là où vous l’avez demandé.
relay-no-code = Vous avez ouvert le lien dans un autre navigateur que celui où vous vous connectez à { $host }. Il ne fonctionne que là : revenez à l’e-mail, copiez le lien et ouvrez-le dans ce navigateur avant { $time }.
relay-no-code-other = Vous avez ouvert le lien dans un autre navigateur que celui où vous l’avez demandé sur { $host }. Il ne fonctionne que là : revenez à l’e-mail, copiez le lien et ouvrez-le dans ce navigateur avant { $time }.
relay-never-code = Ne lisez ce code à personne et ne le transférez jamais.
relay-never-link = Ne transférez jamais le lien.
relay-nobody-asks = Personne de { $site } ne vous le demandera. Si vous ne l’avez pas demandé vous-même, fermez cette page.

## Encore une étape

confirm-title = Encore une étape
confirm-text = Vous êtes connecté avec votre mot de passe. La page que vous voulez ouvrir demande aussi un code, que nous envoyons à { $address }.

## Connecté et déconnecté

signed-in-title = Vous êtes connecté
signed-in-name = Nom
signed-in-username = Nom d’utilisateur
signed-in-email = Adresse e-mail
signed-in-with = Confirmé par
signed-in-with-code = Code par e-mail
signed-in-since = Depuis
signed-in-until = Jusqu’à
sign-out-title = Se déconnecter ?
sign-out-text = Pour revenir sur { $site }, vous devrez vous reconnecter.
sign-out-stay = Rester connecté
signed-out-title = Vous êtes déconnecté
signed-out-text = Personne ne peut utiliser { $site } depuis ce navigateur sans se connecter.
signed-out-again = Se reconnecter

## Ce n’était pas moi

not-me-title = Ce n’était pas vous ?
not-me-text = Tous les navigateurs connectés à votre compte sur { $site } seront déconnectés, et les navigateurs de confiance seront oubliés. Vous vous reconnecterez ensuite avec votre mot de passe et un code.
not-me-sure = Oui, ce n’était pas moi
not-me-go = Déconnecter tous les navigateurs
not-me-was-me = C’était moi
not-me-title-done = Déconnecté partout
not-me-done = Plus aucun navigateur n’est connecté à votre compte, et aucun n’est de confiance.
not-me-now = Changez maintenant votre mot de passe et celui de votre messagerie, et prévenez les responsables de { $site }.
not-me-title-over = Cette adresse n’est plus valable
not-me-over = Elle est valable sept jours. Si vous pensez que quelqu’un d’autre utilise votre compte, prévenez les responsables de { $site }.

## Ce qui n’a pas fonctionné

error-bad_request-title = Cela n’a pas été compris
error-bad_request = L’adresse ou le formulaire était incomplet. Vérifiez l’adresse, ou revenez en arrière et réessayez.
error-forbidden-title = Accès refusé
error-forbidden = Votre compte ne peut pas ouvrir cette page. S’il le devrait, adressez-vous aux responsables de { $site }, ou connectez-vous avec un autre compte.
error-not_found-title = Page introuvable
error-not_found = Il n’y a rien à cette adresse. Vérifiez qu’elle est bien écrite.
error-method_not_allowed-title = Cela ne fonctionne pas ici
error-method_not_allowed = Cette adresse n’accepte pas ce qui lui a été envoyé. Revenez en arrière et réessayez depuis la page précédente.
error-form_expired-title = Cette page est restée ouverte trop longtemps
error-form_expired = Rien n’a donc été envoyé ni modifié. Rouvrez la page et réessayez. Si cela se reproduit, autorisez votre navigateur à garder les cookies de ce site.
error-too_large-title = C’était trop à la fois
error-too_large = Ce qui a été envoyé est plus grand que ce que cette adresse accepte ; rien n’a donc été modifié. Revenez en arrière et envoyez-en moins.
error-head_too_large-title = Trop de choses accompagnent l’adresse
error-head_too_large = Votre navigateur envoie avec l’adresse plus que ce qui est accepté ici ; ce sont le plus souvent trop de cookies. Supprimez les cookies de ce site et réessayez.
error-address_too_long-title = Cette adresse est trop longue
error-address_too_long = Les adresses de cette longueur ne sont pas acceptées ici. Revenez en arrière et essayez-en une plus courte.
error-too_slow-title = Cela a pris trop de temps
error-too_slow = Trop peu de ce que vous envoyiez est arrivé ; rien n’a donc été modifié. Vérifiez votre connexion et envoyez-le de nouveau.
error-unknown_site-title = Aucun site ici
error-unknown_site = Aucun site ne porte ce nom ici. Vérifiez que l’adresse est bien écrite.
error-too_many_requests-title = Trop d’essais
error-unavailable-title = Indisponible pour le moment
error-unavailable = La connexion ne fonctionne pas pour le moment. Réessayez dans { $span } ; rien n’est perdu.
error-upstream_unreachable-title = { $site } ne répond pas
error-upstream_unreachable = { $site } est injoignable pour le moment. Réessayez dans une minute. Si cela n’aide pas, prévenez les responsables du site.
error-upstream_timeout-title = { $site } est trop lent
error-upstream_timeout = { $site } a mis trop de temps à répondre. Réessayez dans une minute. Si cela n’aide pas, prévenez les responsables du site.
error-internal-title = Une erreur s’est produite
error-internal = L’erreur vient de nous, pas de vous. Réessayez. Si elle se reproduit, prévenez les responsables de { $site }.
error-number = Si vous demandez de l’aide, donnez ce numéro :

## En route vers un autre site

ticket-title = Non connecté
ticket-title-onward = Connecté
ticket-title-in-circles = La connexion tourne en rond
ticket-onward = En route vers { $host }.
ticket-in-circles = Vous êtes connecté, mais votre navigateur ne garde pas ce que { $host } lui donne pour cela. Autorisez les cookies de { $host } dans votre navigateur, puis réessayez.
ticket-no-cookies = Votre navigateur n’a présenté aucun cookie de { $host } : il ne les garde pas, ou vous avez ouvert une adresse donnée à un autre navigateur. Autorisez les cookies de { $host }, puis réessayez.
ticket-over = Le passage de la connexion à { $host } ne sert qu’une fois, pendant une demi-minute, et seulement dans le navigateur qui l’a commencé. Rien n’est perdu : réessayez.

## Où aller au lieu de se connecter

login-forgot = Mot de passe oublié ?
login-register = S’inscrire
login-password-changed = Votre mot de passe a été changé et tous les navigateurs ont été déconnectés. Connectez-vous avec le nouveau.

## Un nouveau compte et un nouveau mot de passe

join-username = Nom d’utilisateur
join-username-hint = Lettres, chiffres, points, tirets et tirets bas.
join-username-invalid = Un nom d’utilisateur compte de 1 à 64 lettres, chiffres, points, tirets ou tirets bas, et commence par une lettre ou un chiffre.
join-username-taken = Quelqu’un d’autre a déjà ce nom. Choisissez-en un autre.
join-email = Adresse e-mail
join-full-name = Nom complet (facultatif)
join-full-name-invalid = Un nom compte au plus 128 caractères.
register-title = S’inscrire
register-email-hint = Nous y envoyons un code, pour voir qu’elle est à vous.
register-email-domains = Elle doit se terminer par { $domains }.
register-email-invalid = Ce n’est pas une adresse e-mail. Elle a la forme nom@example.com.
register-email-other-domain = Seules les adresses qui se terminent par { $domains } peuvent s’inscrire ici.
register-button = S’inscrire
register-have-one = Vous avez déjà un compte ?
name-title = Choisissez un autre nom
name-text = Votre adresse est confirmée. Entre-temps, quelqu’un d’autre a pris le nom que vous aviez choisi ; choisissez-en donc un autre.
reset-title = Mot de passe oublié ?
reset-text = Dites qui vous êtes. Si vous avez un compte, nous envoyons à son adresse un code qui vous permet de choisir un nouveau mot de passe.
reset-button = M’envoyer un code
reset-back = Retour à la connexion
new-password-title = Choisissez un nouveau mot de passe
new-password-text = Tous les navigateurs connectés à votre compte seront déconnectés.
new-password-label = Nouveau mot de passe
new-password-hint = { $limit } caractères ou plus. Plusieurs mots à la suite sont un bon choix.
new-password-button = Enregistrer
new-password-over-title = Ce n’est plus valable
new-password-over-text = Un nouveau mot de passe ne peut être choisi qu’une fois, pendant peu de temps. Recommencez pour recevoir un autre code.
password-too-short = Un mot de passe compte au moins { $limit } caractères.
password-too-long = Un mot de passe compte au plus { $limit } octets.
password-only-digits = Un mot de passe fait seulement de chiffres est vite deviné. Ajoutez des mots.
password-like-username = Cela ressemble trop à votre nom d’utilisateur. Choisissez autre chose.
password-like-email = Cela ressemble trop à votre adresse e-mail. Choisissez autre chose.
password-like-full-name = Cela ressemble trop à votre nom. Choisissez autre chose.
password-like-site-name = Cela ressemble trop au nom de ce site. Choisissez autre chose.
password-common = C’est l’un des premiers mots de passe que tout le monde essaie. Choisissez autre chose.
password-breached = Ce mot de passe a été volé ailleurs et figure sur une liste. Choisissez autre chose, et changez-le partout où vous l’utilisez.
password-unchecked = Impossible de vérifier si ce mot de passe a été volé ailleurs. Réessayez dans quelque temps.
password-fair = Un seul mot est vite deviné. Ajoutez d’autres mots.
password-good = Rien ne s’y oppose pour l’instant.
invitation-title = Bienvenue sur { $site }
invitation-text = Vous êtes invité avec { $address }. Choisissez un mot de passe, et vous aurez un compte.
invitation-username = Vous vous connecterez sous le nom { $name }.
invitation-button = Créer mon compte
invitation-over-title = Cette invitation n’est plus valable
invitation-over-text = Elle a été utilisée, retirée, ou elle est trop ancienne. Si vous n’avez pas encore de compte, demandez-en une autre aux responsables de { $site }.

## La page du compte

code-backup = Si vous avez un code de secours, vous pouvez le saisir à la place du code.
account-title = Votre compte
account-back = Retour à votre compte
account-change = Modifier
account-profile = Profil
account-full-name = Nom complet
account-full-name-hint = Ce que { $site } montre de vous. Vous pouvez le laisser vide.
account-full-name-bad = Un nom compte au plus 128 caractères, sur une ligne.
account-save-name = Enregistrer le nom
account-language = Langue
account-language-browser = Celle que demande le navigateur
account-language-hint = Pour ces pages et pour les e-mails que vous recevez.
account-save-language = Enregistrer la langue
account-signing-in = Connexion
account-email = Adresse e-mail
account-password = Mot de passe
account-password-set = Il est défini. Vous seul le connaissez.
account-password-none = Vous vous connectez avec un code par e-mail seulement. Pour protéger davantage, définissez un mot de passe.
account-set-password = Définir un mot de passe
account-second-step = Code par e-mail à la connexion
account-second-step-always = Ce site le demande toujours après le mot de passe.
account-second-step-on = Activé : après le mot de passe, un code vous est demandé partout.
account-second-step-off = Désactivé : certaines pages de ce site ne demandent que le mot de passe.
account-turn-on = Activer
account-turn-off = Désactiver
account-backup-codes = Codes de secours
account-backup-codes-left = { $left ->
    [one] Encore { $left } code parmi ceux créés le { $time }.
   *[other] Encore { $left } codes parmi ceux créés le { $time }.
}
account-backup-codes-none = Vous n’en avez aucun. Avec l’un d’eux, vous vous connectez quand l’e-mail n’arrive pas.
account-make-codes = Créer de nouveaux codes
account-sessions = Navigateurs connectés
account-sessions-hint = Navigateurs connectés à votre compte.
account-this-browser = Ce navigateur
account-session-times = Depuis { $since }. Dernière utilisation : { $seen }.
account-sign-out-others = Déconnecter tous les autres
account-devices = Navigateurs connus
account-devices-hint = Navigateurs où vous vous êtes connecté avec mot de passe et code.
account-devices-none = Aucun pour l’instant. Un navigateur est connu dès que vous vous y êtes connecté avec mot de passe et code.
account-device-trusted = De confiance jusqu’à { $time } : aucun code n’y est demandé.
account-device-known = Connu, mais un code y est demandé.
account-device-used = Dernière utilisation : { $time }, depuis { $place }.
account-forget = Oublier
account-forget-all = Tout oublier
account-sign-ins = Dernières connexions
account-sign-ins-none = Aucune n’est enregistrée.
account-sign-ins-not-you = L’une d’elles n’était pas vous ? Changez votre mot de passe et déconnectez tous les autres.
account-result-signed-in = Connecté
account-result-wrong-password = Mot de passe erroné
account-result-wrong-code = Code erroné
account-result-limited = Trop d’essais
account-done-name = Votre nom a été enregistré.
account-done-language = Votre langue a été enregistrée.
account-done-password = Votre mot de passe a été changé. Tous les autres navigateurs ont été déconnectés, et aucun n’est plus de confiance.
account-done-email = Votre adresse e-mail a été changée. Nous avons aussi prévenu l’ancienne adresse.
account-done-second-step-on = Des codes sont désormais demandés. Tous les autres navigateurs ont été déconnectés.
account-done-second-step-off = Aucun code n’est plus demandé là où un mot de passe suffit. Tous les autres navigateurs ont été déconnectés.
account-done-signed-out = Ce navigateur a été déconnecté.
account-done-signed-out-others = Tous les autres navigateurs ont été déconnectés.
account-done-forgotten = Ce navigateur a été oublié. Un code y sera demandé à la prochaine connexion.
account-done-forgotten-all = Tous les navigateurs ont été oubliés. Un code sera demandé aux prochaines connexions.

## Changer le mot de passe

password-title = Changez votre mot de passe
password-what = Tous les autres navigateurs seront ensuite déconnectés, et aucun ne sera plus de confiance. Nous vous envoyons un e-mail à ce sujet.
password-current = Mot de passe actuel
password-new = Nouveau mot de passe
password-missing = Saisissez votre mot de passe actuel.
password-wrong = Ce n’est pas votre mot de passe actuel. Saisissez-le encore une fois.
password-change = Changer le mot de passe

## Changer l’adresse e-mail

email-title = Changez votre adresse e-mail
email-what = Les e-mails et les codes arrivent actuellement à { $address }. Nous envoyons un code à la nouvelle adresse ; dès que vous l’aurez saisi, ils y arriveront. Les deux adresses sont prévenues.
email-new = Nouvelle adresse e-mail
email-bad = Ce n’est pas une adresse e-mail. Elle a la forme nom@example.com.
email-same = C’est déjà votre adresse.

## La deuxième étape

second-step-title-on = Activer les codes par e-mail ?
second-step-what-on = Après le mot de passe, un code vous sera demandé partout, pour que personne n’entre avec le seul mot de passe.
second-step-title-off = Désactiver les codes par e-mail ?
second-step-what-off = Les pages qui ne demandent que le mot de passe seront ouvertes à quiconque le connaît. Celles qui demandent toujours un code continueront à le faire.
second-step-code = Pour confirmer, nous envoyons un code à { $address }.
signs-out-others = Tous les autres navigateurs seront ensuite déconnectés, et aucun ne sera plus de confiance.

## Codes de secours

backup-codes-title = Vos codes de secours
backup-codes-title-ask = Créer des codes de secours ?
backup-codes-what = Un code de secours remplace le code par e-mail quand aucun e-mail ne vous parvient. Vous en recevez dix, et chacun sert une fois.
backup-codes-once = Ils ne sont montrés qu’une fois. Ayez sous la main un stylo, une imprimante ou un endroit sûr pour un fichier.
backup-codes-old = { $left ->
    [one] Le code qui vous reste ne sera plus valable.
   *[other] Les { $left } codes qui vous restent ne seront plus valables.
}
backup-codes-make = Créer de nouveaux codes
backup-codes-made = Voici vos nouveaux codes. Ceux que vous aviez avant ne sont plus valables.
backup-codes-keep = Gardez-les là où personne d’autre n’y a accès, et pas seulement dans votre messagerie. Ils ne seront plus montrés.
backup-codes-of = Codes de secours de { $username } pour { $site }. Chacun sert une fois, à la place du code par e-mail.
backup-codes-copy = Copier
backup-codes-copied = Copié
backup-codes-print = Imprimer
backup-codes-download = Télécharger en fichier
backup-codes-done = Je les ai gardés

## En êtes-vous sûr ?

sure-browser = Navigateur
sure-place = Adresse
sure-used = Dernière utilisation
sure-sign-out-title = Déconnecter ce navigateur ?
sure-sign-out = Il faudra alors s’y reconnecter.
sure-sign-out-go = Le déconnecter
sure-sign-out-others-title = Déconnecter tous les autres navigateurs ?
sure-sign-out-others = Seul le navigateur que vous utilisez maintenant reste connecté.
sure-sign-out-others-go = Déconnecter tous les autres
sure-forget-title = Oublier ce navigateur ?
sure-forget = Un code y sera demandé à la prochaine connexion. S’il est connecté, il le reste jusqu’à ce que vous le déconnectiez.
sure-forget-go = L’oublier
sure-forget-all-title = Oublier tous les navigateurs ?
sure-forget-all = Un code sera demandé à chaque prochaine connexion, aussi dans le navigateur que vous utilisez maintenant.
sure-forget-all-go = Tout oublier

## Sans mot de passe

no-password-title = Définissez d’abord un mot de passe
no-password-text = Seule une personne qui vient de se connecter avec mot de passe et code peut changer cela, et votre compte n’a pas encore de mot de passe.

## Un formulaire envoyé sans connexion

login-form-kept = Ce que vous avez saisi est conservé un quart d’heure. Connectez-vous pour pouvoir l’envoyer.
login-form-lost = Ce que vous avez saisi n’est pas arrivé et n’a pas pu être conservé. Connectez-vous, puis saisissez-le de nouveau.
draft-title = Envoyer ce que vous avez saisi ?
draft-text = Vous n’étiez plus connecté au moment de l’envoi : rien n’est arrivé. Votre saisie a été conservée et peut être envoyée une fois.
draft-target = Pour
draft-as = Envoyé en tant que
draft-send = Envoyer en tant que { $name }
draft-not-yours = Si quelqu’un d’autre l’a saisi, supprimez-le : personne ne le verra.
draft-discard = Supprimer
draft-title-discarded = Supprimé
draft-discarded = Rien n’a été envoyé, et votre saisie est effacée.
draft-title-over = Il n’y a rien à envoyer
draft-over = Votre saisie a été envoyée ou supprimée, le quart d’heure est passé, ou un autre navigateur l’a. Vérifiez si elle est arrivée avant de la refaire.

## Une connexion sans effet

login-no-cookies = Votre navigateur n’a pas rendu le cookie reçu avec cette page : rien n’a été envoyé. Autorisez les cookies de ce site, puis réessayez.
loop-title = Vous vous êtes connecté, mais cela ne dure pas
loop-not-kept = Votre navigateur garde des cookies de { $host }, mais pas celui de votre connexion. La cause peut être une extension ou un réglage qui bloque ou efface les cookies : faites une exception pour { $host }, puis réessayez.
loop-ended = Votre navigateur montre que vous vous êtes connecté à { $host }, mais cette connexion a déjà pris fin. Effacez les cookies de { $host } dans votre navigateur, puis réessayez. Si cela se reproduit, l’horloge du serveur est peut-être fausse : prévenez les responsables du site.
loop-host = Votre navigateur a ouvert { $seen }, mais un serveur en chemin en a fait { $host }, si bien que la connexion est impossible. Vous ne pouvez pas y remédier : dites aux responsables du site que l’en-tête Host doit être transmis sans changement.
loop-scheme = Cette page a été ouverte sans chiffrement, et les navigateurs ne gardent les cookies de connexion qu’avec lui. Ouvrez plutôt { $host } en https.

## Pour qu’aucun programme n’envoie un formulaire

captcha-work = Pour que des programmes n’envoient pas ce formulaire en masse, votre navigateur fait d’abord un petit calcul.
captcha-working = Votre navigateur calcule…
captcha-worked = C’est fait. Vous pouvez envoyer le formulaire.
captcha-held = Un instant : le formulaire est envoyé dès que c’est fait.
captcha-waiting = Votre navigateur ne peut pas faire le calcul. Le formulaire peut être envoyé { $span } après le chargement de cette page.
captcha-no-script = Pour que des programmes n’envoient pas ce formulaire en masse, il ne peut être envoyé que { $span } après le chargement de cette page. Avec les scripts activés, il n’y a pas d’attente.
captcha-provider = Pour que des programmes n’envoient pas ce formulaire en masse, un service de { $name } examine votre navigateur.
captcha-provider-no-script = Ce service a besoin de scripts. Activez-les pour cette page et rechargez-la.
captcha-missing = La vérification qu’aucun programme n’envoie ce formulaire n’était pas terminée : rien n’a été envoyé. Envoyez-le encore une fois.
captcha-spent = Ce formulaire a déjà été envoyé. Si rien ne s’est passé, envoyez-le encore une fois.
captcha-too-soon = C’était trop tôt pour un navigateur sans scripts : rien n’a été envoyé. Attendez { $span }, puis envoyez-le encore une fois.
captcha-limited = Ce formulaire a été envoyé trop souvent sans scripts. Activez-les, ou réessayez à { $time }.
captcha-refused = La vérification y voit l’œuvre d’un programme : rien n’a été envoyé. Réessayez. Si cela se répète, dites-le à qui s’occupe de { $site }.
captcha-away = Le service qui vérifie qu’aucun programme n’envoie ce formulaire ne répond pas : rien n’a été envoyé. Réessayez dans quelques minutes.

## Numéros de téléphone

code-title-sms = Regardez votre téléphone
code-label-sms = Code à 6 chiffres du SMS
code-wrong-sms = Ce n’est pas le code. Regardez le SMS le plus récent et réessayez.
resend-title-sms = Pas de SMS ?
resend-spam-sms = Cela peut prendre une minute.
resend-hint-code-sms = Cela peut prendre une minute. Vous pouvez envoyer un nouveau code ; le précédent ne marche plus alors.
resend-none-left-code-sms = Cela peut prendre une minute. Aucun autre code ne peut être envoyé ici ; recommencez pour en recevoir un.
code-for-phone = Il montre que le numéro est à vous.
link-title-phone = Confirmez votre numéro
link-ready-phone = Confirmez que { $address } est votre numéro sur { $site }.
account-phone = Numéro de téléphone
account-phone-none = Vous n’en avez pas donné.
account-phone-add = Ajouter
account-phone-sms = Les codes de connexion y arrivent.
account-phone-mail = Les codes de connexion arrivent par courriel.
account-done-phone = Votre numéro de téléphone a été enregistré.
account-done-phone-removed = Votre numéro de téléphone a été retiré. Les codes arrivent par courriel.
account-done-codes-by-sms = Les codes arrivent désormais par SMS. Tous les autres navigateurs ont été déconnectés.
account-done-codes-by-mail = Les codes arrivent désormais par courriel. Tous les autres navigateurs ont été déconnectés.
phone-title = Votre numéro de téléphone
phone-known = Votre numéro est { $number }.
phone-label = Numéro de téléphone
phone-other = Autre numéro
phone-hint = Avec + et l’indicatif du pays : +41 79 123 45 67. Nous y envoyons un code pour voir qu’il est à vous.
phone-bad = Ce n’est pas un numéro de téléphone. Écrivez-le avec + et l’indicatif du pays : +41 79 123 45 67.
phone-same = C’est déjà votre numéro.
phone-not-there = Nous n’envoyons pas de SMS à ces numéros. Prenez un autre numéro ou gardez les codes par courriel.
phone-codes-title = Codes de connexion
phone-codes-sms = Ils arrivent à ce numéro par SMS.
phone-codes-mail = Ils arrivent par courriel. Ils peuvent arriver à ce numéro.
phone-by-sms = Recevoir les codes par SMS
phone-by-mail = Recevoir les codes par courriel
phone-remove-title = Retirer le numéro
phone-remove-sms = Les codes arrivent alors de nouveau par courriel, et tous les autres navigateurs sont déconnectés.
phone-remove-plain = Nous l’oublions alors.
phone-remove = Retirer
not-your-address-sms = Ce n’est pas votre numéro ?
