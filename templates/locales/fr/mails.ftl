### Les textes des e-mails.

## Tous les e-mails

who-time = Heure
who-address = Adresse
who-browser = Navigateur
fact = { $name } : { $value }
not-you = Ce n’était pas vous ?
was-you = C’était vous ?
nothing-to-do = Alors vous n’avez rien à faire.
minutes = { $count ->
    [0] moins d’une minute
    [one] { $count } minute
   *[other] { $count } minutes
}

## Codes et liens de connexion

asked-title = Qui l’a demandé
code-subject = Votre code de connexion à { $site }
code-title = Votre code de connexion
code-preview = Ouvrez cet e-mail pour voir le code de connexion à { $site }. Il est valable jusqu’à { $time }.
code-type-it = Saisissez-le là où vous vous connectez à { $site }.
code-intro = Voici votre code de connexion. Saisissez-le là où vous vous connectez à { $site }. Ne le donnez à personne : personne ne vous demandera jamais de le lire à voix haute ni de le transférer.
code-or-link = Ou { $link } dans le navigateur où vous vous connectez.
code-or-link-words = ouvrez ce lien
code-or-link-text = Ou ouvrez ce lien dans le navigateur où vous vous connectez :
code-one-works = L’un des deux fonctionne, une seule fois, pendant { $span } : jusqu’à { $time }.
code-never = Personne ne vous demandera jamais de lire le code à voix haute ni de transférer cet e-mail.
link-subject = Votre lien de connexion à { $site }
link-title = Votre lien de connexion
link-preview = Ouvrez cet e-mail pour voir le lien de connexion à { $site }. Il est valable jusqu’à { $time }.
link-open-it = Ouvrez-le dans le navigateur où vous vous connectez à { $site }.
link-button = Se connecter à { $site }
link-intro = Voici votre lien de connexion. Ouvrez-le dans le navigateur où vous vous connectez à { $site }. Ne le donnez à personne : personne ne vous demandera jamais de le transférer.
link-works = Il fonctionne une seule fois, pendant { $span } : jusqu’à { $time }.
link-no-code = Cet e-mail ne contient pas de code : trop de codes erronés ont été saisis pour votre compte ; pour le moment, seul le lien fonctionne.
link-never = Personne ne vous demandera jamais de transférer cet e-mail.
not-you-code = Alors quelqu’un connaît votre mot de passe. Ne donnez le code et le lien à personne, changez votre mot de passe et prévenez les responsables de { $name }.
not-you-link = Alors quelqu’un connaît votre mot de passe. Ne donnez le lien à personne, changez votre mot de passe et prévenez les responsables de { $name }.
not-you-code-passwordless = Alors quelqu’un a saisi votre nom ou votre adresse. Sans cet e-mail, cette personne ne peut pas entrer ; vous n’avez donc rien à faire. Ne donnez le code et le lien à personne.
not-you-link-passwordless = Alors quelqu’un a saisi votre nom ou votre adresse. Sans cet e-mail, cette personne ne peut pas entrer ; vous n’avez donc rien à faire. Ne donnez le lien à personne.
why = Envoyé parce que quelqu’un s’est connecté avec votre mot de passe sur { $origin }.
why-passwordless = Envoyé parce que quelqu’un a demandé à se connecter avec votre nom ou votre adresse sur { $origin }.

## Codes et liens pour tout le reste

confirm-subject-sign_up = Confirmez votre adresse pour { $site }
confirm-subject-reset = Choisissez un nouveau mot de passe pour { $site }
confirm-subject-email_change = Confirmez votre nouvelle adresse pour { $site }
confirm-subject-second_step_on = Activer la deuxième étape sur { $site }
confirm-subject-second_step_off = Désactiver la deuxième étape sur { $site }
confirm-for-sign_up = Il vous permet de prouver que cette adresse est à vous.
confirm-for-reset = Il vous permet de choisir un nouveau mot de passe.
confirm-for-email_change = Il vous permet de recevoir ici les e-mails de votre compte.
confirm-for-second_step_on = Il vous permet d’activer la deuxième étape.
confirm-for-second_step_off = Il vous permet de désactiver la deuxième étape.
confirm-code-title = Votre code
confirm-code-preview = Ouvrez cet e-mail pour voir votre code pour { $site }. Il est valable jusqu’à { $time }.
confirm-code-type-it = Saisissez-le là où vous l’avez demandé sur { $site }.
confirm-code-intro = Voici votre code pour { $site }. { $use } Saisissez-le là où vous l’avez demandé. Ne le donnez à personne : personne ne vous demandera jamais de le lire à voix haute ni de le transférer.
confirm-code-or-link = Ou { $link } dans le navigateur où vous l’avez demandé.
confirm-code-or-link-text = Ou ouvrez ce lien dans le navigateur où vous l’avez demandé :
confirm-link-title = Votre lien
confirm-link-preview = Ouvrez cet e-mail pour voir votre lien pour { $site }. Il est valable jusqu’à { $time }.
confirm-link-open-it = Ouvrez-le dans le navigateur où vous l’avez demandé sur { $site }.
confirm-link-button = Continuer sur { $site }
confirm-link-intro = Voici votre lien pour { $site }. { $use } Ouvrez-le dans le navigateur où vous l’avez demandé. Ne le donnez à personne : personne ne vous demandera jamais de le transférer.
confirm-link-no-code = Cet e-mail ne contient pas de code : trop de codes erronés ont été saisis ; pour le moment, seul le lien fonctionne.
confirm-not-you-code-sign_up = Alors quelqu’un a saisi votre adresse. Sans cet e-mail, cette personne ne peut pas l’utiliser ; vous n’avez donc rien à faire. Ne donnez le code et le lien à personne.
confirm-not-you-code-email_change = Alors quelqu’un a saisi votre adresse. Sans cet e-mail, cette personne ne peut pas l’utiliser ; vous n’avez donc rien à faire. Ne donnez le code et le lien à personne.
confirm-not-you-code-reset = Alors quelqu’un a saisi votre nom ou votre adresse. Sans cet e-mail, cette personne ne peut pas changer votre mot de passe ; vous n’avez donc rien à faire. Ne donnez le code et le lien à personne.
confirm-not-you-code-second_step_on = Alors quelqu’un est connecté à votre compte. Ne donnez le code et le lien à personne, changez votre mot de passe et prévenez les responsables de { $name }.
confirm-not-you-code-second_step_off = Alors quelqu’un est connecté à votre compte. Ne donnez le code et le lien à personne, changez votre mot de passe et prévenez les responsables de { $name }.
confirm-not-you-link-sign_up = Alors quelqu’un a saisi votre adresse. Sans cet e-mail, cette personne ne peut pas l’utiliser ; vous n’avez donc rien à faire. Ne donnez le lien à personne.
confirm-not-you-link-email_change = Alors quelqu’un a saisi votre adresse. Sans cet e-mail, cette personne ne peut pas l’utiliser ; vous n’avez donc rien à faire. Ne donnez le lien à personne.
confirm-not-you-link-reset = Alors quelqu’un a saisi votre nom ou votre adresse. Sans cet e-mail, cette personne ne peut pas changer votre mot de passe ; vous n’avez donc rien à faire. Ne donnez le lien à personne.
confirm-not-you-link-second_step_on = Alors quelqu’un est connecté à votre compte. Ne donnez le lien à personne, changez votre mot de passe et prévenez les responsables de { $name }.
confirm-not-you-link-second_step_off = Alors quelqu’un est connecté à votre compte. Ne donnez le lien à personne, changez votre mot de passe et prévenez les responsables de { $name }.
confirm-why = Envoyé parce que quelqu’un l’a demandé sur { $origin }.

## Trop de codes erronés

spent-subject = Trop de codes erronés pour votre compte sur { $site }
spent-title = Trop de codes erronés
spent-preview = Personne n’est entré. Vous pouvez toujours vous connecter avec le lien de l’e-mail que vous recevrez.
spent-what = Pour votre compte sur { $site }, davantage de codes de connexion erronés ont été saisis que nous n’en permettons. Un code erroné ne laisse entrer personne.
spent-until = Jusqu’au { $time }, les codes ne sont acceptés que depuis les navigateurs où vous vous êtes déjà connecté. Dans tout autre navigateur, connectez-vous comme d’habitude et ouvrez le lien de l’e-mail que vous recevrez.
spent-who = Le dernier code erroné
spent-not-you = Si vous vous connectez avec un mot de passe, changez-le : la personne qui a saisi les codes le connaît peut-être. Prévenez ensuite les responsables de { $name }.
spent-why = Envoyé à cause de codes erronés pour votre compte sur { $origin }. Nous le disons une seule fois, pas pour chaque code.

## Le bon mot de passe, puis des codes erronés

wrong-code-subject = Codes erronés pour votre compte sur { $site }
wrong-code-title = Bon mot de passe, codes erronés
wrong-code-preview = Le mot de passe saisi avant était le bon. Si ce n’était pas vous, changez votre mot de passe.
wrong-code-what = Quelqu’un a saisi votre mot de passe sur { $site }, puis des codes erronés. Un code erroné ne laisse entrer personne.
wrong-code-who = Qui les a saisis
wrong-code-not-you = Alors quelqu’un connaît votre mot de passe. Changez-le maintenant, et partout où vous l’utilisez. Prévenez ensuite les responsables de { $name }.
wrong-code-why = Envoyé à cause de codes erronés pour votre compte sur { $origin }.

## Beaucoup de mots de passe erronés

passwords-subject = Mots de passe erronés pour votre compte sur { $site }
passwords-title = Beaucoup de mots de passe erronés
passwords-preview = Aucun n’a laissé entrer qui que ce soit. Les navigateurs où vous vous êtes déjà connecté fonctionnent comme d’habitude.
passwords-what = Beaucoup de mots de passe erronés ont été saisis pour votre compte sur { $site }. Aucun n’a laissé entrer qui que ce soit.
passwords-wait = Les navigateurs que votre compte ne connaît pas doivent maintenant attendre entre deux essais. Ceux où vous vous êtes déjà connecté fonctionnent comme d’habitude.
passwords-who = Le dernier mot de passe erroné
passwords-not-you = Si personne d’autre ne peut connaître ou deviner votre mot de passe et que vous ne l’utilisez nulle part ailleurs, vous n’avez rien à faire. Dans le doute, changez-le.
passwords-why = Envoyé à cause de mots de passe erronés pour votre compte sur { $origin }. Nous ne le disons pas pour chacun.

## Un cookie copié

stolen-subject = Un navigateur de confiance a été retiré de votre compte sur { $site }
stolen-title = Un navigateur de confiance a été retiré
stolen-preview = Son cookie a peut-être été copié. Il est déconnecté et n’est plus de confiance ; veuillez changer votre mot de passe.
stolen-what = Vous avez fait confiance au navigateur « { $device } » sur { $site } pour qu’aucun code n’y soit demandé. Une ancienne copie de son cookie a été utilisée : quelqu’un l’a peut-être copiée depuis votre ordinateur.
stolen-done = Par sécurité, ce navigateur est déconnecté et n’est plus de confiance.
stolen-who = Qui a utilisé la copie
stolen-to-do = Que faire
stolen-change = Reconnectez-vous et changez votre mot de passe. Cherchez sur cet ordinateur des programmes et des extensions de navigateur que vous ne connaissez pas. Prévenez ensuite les responsables de { $name }.
stolen-backup = Si vous venez de restaurer ce navigateur depuis une sauvegarde, c’en était la raison, et il suffit de vous reconnecter.
stolen-why = Envoyé parce qu’un navigateur de confiance a été retiré de votre compte sur { $origin }.

## The refresh token of a program, used twice

reused-subject = Un programme a été déconnecté de votre compte sur { $site }
reused-title = Un programme a été déconnecté
reused-preview = Quelqu’un a peut-être une copie de sa clé. Veuillez changer votre mot de passe.
reused-what = « { $program } » était connecté à votre compte sur { $site }. La clé avec laquelle il reste connecté a été utilisée deux fois : quelqu’un en a peut-être une copie.
reused-done = Par sécurité, cette connexion est terminée, pour quiconque l’utilisait.
reused-who = Qui l’a utilisée de nouveau
reused-to-do = Que faire
reused-change = Reconnectez-vous et changez votre mot de passe. Cherchez sur cet appareil des programmes que vous ne connaissez pas. Prévenez ensuite les responsables de { $name }.
reused-backup = Si vous venez de restaurer cet appareil ou ce programme depuis une sauvegarde, c’en était la raison, et il suffit de vous reconnecter.
reused-why = Envoyé parce qu’une connexion à votre compte sur { $origin } a été terminée.

## Une connexion inhabituelle

unusual-subject = Une connexion inhabituelle à votre compte sur { $site }
unusual-title = Une connexion inhabituelle
unusual-preview = Si c’était vous, vous n’avez rien à faire. Sinon, vous pouvez déconnecter tous les navigateurs.
unusual-what = Quelqu’un s’est connecté à votre compte sur { $site }, et quelque chose est inhabituel :
unusual-new_browser = Votre compte ne connaît pas ce navigateur.
unusual-new_country = Personne ne s’était encore connecté à votre compte depuis ce pays ({ $place }).
unusual-new_network = Personne ne s’était encore connecté à votre compte depuis cette partie d’Internet.
unusual-too_quick = Peu avant, quelqu’un s’est connecté à votre compte depuis un autre endroit ({ $place }).
unusual-who = Qui s’est connecté
unusual-was-you = Si c’était vous
unusual-was-not-you = Si ce n’était pas vous
unusual-nothing = Vous n’avez rien à faire.
unusual-sign-out = { $link } et oubliez ceux de confiance.
unusual-sign-out-words = Déconnectez tous les navigateurs
unusual-sign-out-text = Ouvrez cette adresse. Elle déconnecte tous les navigateurs et oublie ceux de confiance :
unusual-then = Changez ensuite votre mot de passe et celui de votre messagerie, et prévenez les responsables de { $name }.
unusual-why = Envoyé à cause d’une connexion à votre compte sur { $origin }.

## Un nouveau compte avec une adresse qui en a déjà un

taken-subject = Vous avez déjà un compte sur { $site }
taken-title = Vous avez déjà un compte
taken-preview = Quelqu’un a demandé un nouveau compte avec votre adresse. Rien n’a changé.
taken-what = Quelqu’un a demandé un nouveau compte sur { $site } avec votre adresse. Vous en avez déjà un ; aucun n’a donc été créé, et rien n’a changé.
taken-was-you = Alors connectez-vous avec le compte que vous avez. Si vous n’en connaissez plus le mot de passe, choisissez-en un nouveau : il y a un lien pour cela là où vous vous connectez.
taken-not-you = Alors vous n’avez rien à faire. Cette personne n’apprend pas que vous avez un compte.
taken-why = Envoyé parce que quelqu’un a saisi votre adresse sur { $origin }.

## Un mot de passe changé

changed-subject = Votre mot de passe sur { $site } a été changé
changed-title = Votre mot de passe a été changé
changed-preview = Si c’était vous, vous n’avez rien à faire. Sinon, quelqu’un utilise votre compte.
changed-what = Le mot de passe de votre compte sur { $site } a été changé. Tous les autres navigateurs ont été déconnectés, et aucun n’est plus de confiance.
changed-who = Qui l’a changé
changed-not-you = Alors quelqu’un connaît votre mot de passe ou lit vos e-mails. Changez d’abord le mot de passe de votre messagerie, choisissez-en ensuite un nouveau ici, et prévenez les responsables de { $name }.
changed-why = Envoyé parce qu’un mot de passe a été changé sur { $origin }.

## Une invitation

invitation-subject = Vous êtes invité sur { $site }
invitation-title = Vous êtes invité
invitation-preview = Choisissez un mot de passe, et vous aurez un compte. Le lien est valable jusqu’au { $time }.
invitation-what = Vous êtes invité sur { $name } ({ $site }). Choisissez un mot de passe, et vous aurez un compte.
invitation-button = Choisir un mot de passe
invitation-works = Le lien ne fonctionne qu’une fois, jusqu’au { $time }. Ne le donnez à personne : la première personne qui l’ouvre obtient le compte.
invitation-unknown = Vous n’êtes au courant de rien ?
invitation-why = Envoyé parce que les responsables de { $name } ont saisi votre adresse sur { $origin }.

## Ce qui a été changé sur un compte

email-changed-subject = L’adresse e-mail de votre compte sur { $site } a été changée
email-changed-title = Votre adresse e-mail a été changée
email-changed-preview = Les e-mails et les codes arrivent maintenant à une autre adresse. Si ce n’était pas vous, lisez la suite.
email-changed-what = Les e-mails et les codes de votre compte sur { $site } arrivent maintenant à { $new }.
email-changed-who = Qui l’a changée
email-changed-not-you = Alors quelqu’un d’autre utilise votre compte. Écrivez tout de suite aux responsables de { $name } : vous ne pouvez plus recevoir de codes vous-même.
email-changed-not-you-new = Alors quelqu’un a saisi par erreur votre adresse et le code qui y a été envoyé. Prévenez les responsables de { $name }.
email-changed-why = Envoyé à l’ancienne et à la nouvelle adresse à cause d’un changement sur { $origin }.
second-step-on-subject = Codes par e-mail activés pour votre compte sur { $site }
second-step-on-title = Codes par e-mail activés
second-step-on-preview = Après le mot de passe, un code vous est désormais demandé.
second-step-on-what = Sur { $site }, un code vous est désormais demandé après le mot de passe. Tous les autres navigateurs ont été déconnectés, et aucun n’est plus de confiance.
second-step-on-who = Qui les a activés
second-step-on-not-you = Alors quelqu’un connaît votre mot de passe et lit vos e-mails. Changez d’abord le mot de passe de votre messagerie, puis celui d’ici, et prévenez les responsables de { $name }.
second-step-on-why = Envoyé à cause d’un changement de votre compte sur { $origin }.
second-step-off-subject = Codes par e-mail désactivés pour votre compte sur { $site }
second-step-off-title = Codes par e-mail désactivés
second-step-off-preview = Votre mot de passe seul ouvre maintenant certaines pages. Si ce n’était pas vous, lisez la suite.
second-step-off-what = Certaines pages de { $site } sont maintenant ouvertes à quiconque connaît votre mot de passe ; aucun code n’y est plus demandé. Tous les autres navigateurs ont été déconnectés.
second-step-off-who = Qui les a désactivés
second-step-off-not-you = Alors quelqu’un connaît votre mot de passe et lit vos e-mails. Changez d’abord le mot de passe de votre messagerie, puis celui d’ici, réactivez les codes, et prévenez les responsables de { $name }.
second-step-off-why = Envoyé à cause d’un changement de votre compte sur { $origin }.
backup-made-subject = Nouveaux codes de secours pour votre compte sur { $site }
backup-made-title = De nouveaux codes de secours ont été créés
backup-made-preview = Ceux que vous aviez avant ne sont plus valables.
backup-made-what = De nouveaux codes de secours ont été créés pour votre compte sur { $site }. Ceux que vous aviez avant ne sont plus valables.
backup-made-who = Qui les a créés
backup-made-not-you = Alors quelqu’un peut se connecter sans vos e-mails. Changez maintenant votre mot de passe, créez vous-même de nouveaux codes, et prévenez les responsables de { $name }.
backup-made-why = Envoyé parce que des codes de secours ont été créés sur { $origin }.
backup-used-subject = Un code de secours a été utilisé sur { $site }
backup-used-title = Un code de secours a été utilisé
backup-used-preview = Quelqu’un s’en est servi pour se connecter à votre compte.
backup-used-what = Quelqu’un s’est connecté à votre compte sur { $site } avec votre mot de passe et un code de secours.
backup-used-left = { $left ->
    [0] Il n’en reste aucun. Créez-en de nouveaux sur la page de votre compte.
    [one] Il reste { $left } code.
   *[other] Il reste { $left } codes.
}
backup-used-who = Qui s’est connecté
backup-used-not-you = Alors quelqu’un a votre mot de passe et vos codes de secours. Changez maintenant votre mot de passe, créez de nouveaux codes, et prévenez les responsables de { $name }.
backup-used-why = Envoyé parce qu’un code de secours a été utilisé sur { $origin }.

## Numéros de téléphone

sms-sign_in = { $code } est votre code pour vous connecter à { $site }. Ne le donnez à personne.
sms-phone = { $code } montre à { $site } que ce numéro est à vous. Ne le donnez à personne.
phone-changed-subject = Votre numéro de téléphone sur { $site }
phone-changed-preview = Le numéro de téléphone de votre compte a été modifié.
phone-changed-title = Votre numéro de téléphone a changé
phone-changed-set = Un numéro de téléphone a été ajouté à votre compte sur { $site }.
phone-changed-removed = Le numéro de téléphone de votre compte sur { $site } a été retiré. Les codes arrivent par courriel.
phone-changed-by-sms = Les codes pour vous connecter à { $site } arrivent désormais sur votre téléphone par SMS.
phone-changed-by-mail = Les codes pour vous connecter à { $site } arrivent de nouveau par courriel.
phone-changed-who = Qui l’a changé
phone-changed-not-you = Alors quelqu’un est connecté à votre compte. Changez tout de suite votre mot de passe et dites-le à qui s’occupe de { $name }.
phone-changed-why = Envoyé parce que cela a été changé sur la page de votre compte sur { $origin }.
