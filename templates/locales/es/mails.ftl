### Los textos de los correos.

## Todos los correos

who-time = Hora
who-address = Dirección
who-browser = Navegador
fact = { $name }: { $value }
not-you = ¿No ha sido usted?
was-you = ¿Ha sido usted?
nothing-to-do = Entonces no tiene que hacer nada.
minutes = { $count ->
    [0] menos de un minuto
    [one] 1 minuto
   *[other] { $count } minutos
}

## Códigos y enlaces para iniciar sesión

asked-title = Quién lo ha pedido
code-subject = Su código para iniciar sesión en { $site }
code-title = Su código para iniciar sesión
code-preview = Abra este correo para ver el código con el que iniciar sesión en { $site }. Es válido hasta las { $time }.
code-type-it = Escríbalo donde está iniciando sesión en { $site }.
code-intro = Este es su código para iniciar sesión. Escríbalo donde está iniciando sesión en { $site }. No se lo dé a nadie: nadie le pedirá nunca que lo lea en voz alta ni que lo reenvíe.
code-or-link = O { $link } en el navegador en el que está iniciando sesión.
code-or-link-words = abra este enlace
code-or-link-text = O abra este enlace en el navegador en el que está iniciando sesión:
code-one-works = Sirve uno de los dos, una sola vez, durante { $span }: hasta las { $time }.
code-never = Nadie le pedirá nunca que lea el código en voz alta ni que reenvíe este correo.
link-subject = Su enlace para iniciar sesión en { $site }
link-title = Su enlace para iniciar sesión
link-preview = Abra este correo para ver el enlace con el que iniciar sesión en { $site }. Es válido hasta las { $time }.
link-open-it = Ábralo en el navegador en el que está iniciando sesión en { $site }.
link-button = Iniciar sesión en { $site }
link-intro = Este es su enlace para iniciar sesión. Ábralo en el navegador en el que está iniciando sesión en { $site }. No se lo dé a nadie: nadie le pedirá nunca que lo reenvíe.
link-works = Sirve una sola vez, durante { $span }: hasta las { $time }.
link-no-code = Este correo no lleva código: se han escrito demasiados códigos incorrectos para su cuenta, así que durante un tiempo solo sirve el enlace.
link-never = Nadie le pedirá nunca que reenvíe este correo.
not-you-code = Entonces alguien conoce su contraseña. No dé a nadie el código ni el enlace, cambie su contraseña y avise a quien administra { $name }.
not-you-link = Entonces alguien conoce su contraseña. No dé a nadie el enlace, cambie su contraseña y avise a quien administra { $name }.
not-you-code-passwordless = Entonces alguien ha escrito su nombre o su dirección. Sin este correo no puede entrar, así que no tiene que hacer nada. No dé a nadie el código ni el enlace.
not-you-link-passwordless = Entonces alguien ha escrito su nombre o su dirección. Sin este correo no puede entrar, así que no tiene que hacer nada. No dé a nadie el enlace.
why = Enviado porque alguien ha iniciado sesión con su contraseña en { $origin }.
why-passwordless = Enviado porque alguien ha pedido iniciar sesión con su nombre o su dirección en { $origin }.

## Códigos y enlaces para todo lo demás

confirm-subject-sign_up = Confirme su dirección para { $site }
confirm-subject-reset = Elija una contraseña nueva para { $site }
confirm-subject-email_change = Confirme su dirección nueva para { $site }
confirm-subject-second_step_on = Activar el segundo paso en { $site }
confirm-subject-second_step_off = Desactivar el segundo paso en { $site }
confirm-for-sign_up = Con él demuestra que esta dirección es suya.
confirm-for-reset = Con él elige una contraseña nueva.
confirm-for-email_change = Con él recibirá aquí los correos de su cuenta.
confirm-for-second_step_on = Con él activa el segundo paso.
confirm-for-second_step_off = Con él desactiva el segundo paso.
confirm-code-title = Su código
confirm-code-preview = Abra este correo para ver su código para { $site }. Es válido hasta las { $time }.
confirm-code-type-it = Escríbalo donde lo pidió en { $site }.
confirm-code-intro = Este es su código para { $site }. { $use } Escríbalo donde lo pidió. No se lo dé a nadie: nadie le pedirá nunca que lo lea en voz alta ni que lo reenvíe.
confirm-code-or-link = O { $link } en el navegador en el que lo pidió.
confirm-code-or-link-text = O abra este enlace en el navegador en el que lo pidió:
confirm-link-title = Su enlace
confirm-link-preview = Abra este correo para ver su enlace para { $site }. Es válido hasta las { $time }.
confirm-link-open-it = Ábralo en el navegador en el que lo pidió en { $site }.
confirm-link-button = Continuar en { $site }
confirm-link-intro = Este es su enlace para { $site }. { $use } Ábralo en el navegador en el que lo pidió. No se lo dé a nadie: nadie le pedirá nunca que lo reenvíe.
confirm-link-no-code = Este correo no lleva código: se han escrito demasiados códigos incorrectos, así que durante un tiempo solo sirve el enlace.
confirm-not-you-code-sign_up = Entonces alguien ha escrito su dirección. Sin este correo no puede usarla, así que no tiene que hacer nada. No dé a nadie el código ni el enlace.
confirm-not-you-code-email_change = Entonces alguien ha escrito su dirección. Sin este correo no puede usarla, así que no tiene que hacer nada. No dé a nadie el código ni el enlace.
confirm-not-you-code-reset = Entonces alguien ha escrito su nombre o su dirección. Sin este correo no puede cambiar su contraseña, así que no tiene que hacer nada. No dé a nadie el código ni el enlace.
confirm-not-you-code-second_step_on = Entonces alguien ha iniciado sesión en su cuenta. No dé a nadie el código ni el enlace, cambie su contraseña y avise a quien administra { $name }.
confirm-not-you-code-second_step_off = Entonces alguien ha iniciado sesión en su cuenta. No dé a nadie el código ni el enlace, cambie su contraseña y avise a quien administra { $name }.
confirm-not-you-link-sign_up = Entonces alguien ha escrito su dirección. Sin este correo no puede usarla, así que no tiene que hacer nada. No dé a nadie el enlace.
confirm-not-you-link-email_change = Entonces alguien ha escrito su dirección. Sin este correo no puede usarla, así que no tiene que hacer nada. No dé a nadie el enlace.
confirm-not-you-link-reset = Entonces alguien ha escrito su nombre o su dirección. Sin este correo no puede cambiar su contraseña, así que no tiene que hacer nada. No dé a nadie el enlace.
confirm-not-you-link-second_step_on = Entonces alguien ha iniciado sesión en su cuenta. No dé a nadie el enlace, cambie su contraseña y avise a quien administra { $name }.
confirm-not-you-link-second_step_off = Entonces alguien ha iniciado sesión en su cuenta. No dé a nadie el enlace, cambie su contraseña y avise a quien administra { $name }.
confirm-why = Enviado porque alguien lo ha pedido en { $origin }.

## Demasiados códigos incorrectos

spent-subject = Demasiados códigos incorrectos para su cuenta de { $site }
spent-title = Demasiados códigos incorrectos
spent-preview = No ha entrado nadie. Puede seguir iniciando sesión con el enlace del correo que recibirá.
spent-what = Para su cuenta de { $site } se han escrito más códigos incorrectos de los que permitimos. Con un código incorrecto no entra nadie.
spent-until = Hasta el { $time } solo se aceptan códigos desde navegadores en los que usted ya haya iniciado sesión antes. En cualquier otro navegador, inicie sesión como siempre y abra el enlace del correo que recibirá.
spent-who = El último código incorrecto
spent-not-you = Si inicia sesión con una contraseña, cámbiela: quien escribió los códigos quizá la conozca. Después avise a quien administra { $name }.
spent-why = Enviado por los códigos incorrectos para su cuenta de { $origin }. Lo decimos una sola vez, no con cada código.

## La contraseña correcta y después códigos incorrectos

wrong-code-subject = Códigos incorrectos para su cuenta de { $site }
wrong-code-title = Contraseña correcta, códigos incorrectos
wrong-code-preview = La contraseña anterior era correcta. Si no ha sido usted, cambie su contraseña.
wrong-code-what = Alguien ha escrito su contraseña en { $site } y después códigos incorrectos. Con un código incorrecto no entra nadie.
wrong-code-who = Quién los ha escrito
wrong-code-not-you = Entonces alguien conoce su contraseña. Cámbiela ahora, también en cualquier otro lugar donde la use. Después avise a quien administra { $name }.
wrong-code-why = Enviado por los códigos incorrectos para su cuenta de { $origin }.

## Muchas contraseñas incorrectas

passwords-subject = Contraseñas incorrectas para su cuenta de { $site }
passwords-title = Muchas contraseñas incorrectas
passwords-preview = Nadie ha entrado con ellas. Los navegadores en los que ya ha iniciado sesión antes funcionan como siempre.
passwords-what = Para su cuenta de { $site } se han escrito muchas contraseñas incorrectas. Nadie ha entrado con ellas.
passwords-wait = Los navegadores que su cuenta no conoce tienen que esperar ahora entre un intento y otro. Aquellos en los que ya ha iniciado sesión antes funcionan como siempre.
passwords-who = La última contraseña incorrecta
passwords-not-you = Si nadie más puede conocer ni adivinar su contraseña y no la usa en ningún otro lugar, no tiene que hacer nada. En caso de duda, cámbiela.
passwords-why = Enviado por las contraseñas incorrectas para su cuenta de { $origin }. No lo decimos con cada una.

## Una cookie copiada

stolen-subject = Se ha quitado un navegador de confianza de su cuenta de { $site }
stolen-title = Se ha quitado un navegador de confianza
stolen-preview = Puede que se haya copiado su cookie. Su sesión está cerrada y ya no es de confianza; cambie su contraseña.
stolen-what = Usted confió en el navegador «{ $device }» en { $site } para que allí no se le pidiera ningún código. Se ha usado una copia antigua de su cookie: puede que alguien la haya copiado de su ordenador.
stolen-done = Por seguridad, se ha cerrado la sesión en ese navegador y ya no es de confianza.
stolen-who = Quién ha usado la copia
stolen-to-do = Qué hacer
stolen-change = Inicie sesión de nuevo y cambie su contraseña. Busque en ese ordenador programas y extensiones del navegador que no conozca. Después avise a quien administra { $name }.
stolen-backup = Si acaba de restaurar este navegador desde una copia de seguridad, ese era el motivo y basta con iniciar sesión de nuevo.
stolen-why = Enviado porque se ha quitado un navegador de confianza de su cuenta de { $origin }.

## The refresh token of a program, used twice

reused-subject = Se ha cerrado la sesión de un programa en su cuenta de { $site }
reused-title = Se ha cerrado la sesión de un programa
reused-preview = Puede que alguien tenga una copia de su clave. Cambie su contraseña.
reused-what = «{ $program }» tenía una sesión abierta con su cuenta en { $site }. La clave con la que mantiene la sesión se ha usado dos veces: puede que alguien tenga una copia.
reused-done = Por seguridad, esa sesión se ha cerrado para quienquiera que la usara.
reused-who = Quién la ha usado de nuevo
reused-to-do = Qué hacer
reused-change = Inicie sesión de nuevo y cambie su contraseña. Busque en ese dispositivo programas que no conozca. Después avise a quien administra { $name }.
reused-backup = Si acaba de restaurar este dispositivo o programa desde una copia de seguridad, ese era el motivo y basta con iniciar sesión de nuevo.
reused-why = Enviado porque se ha cerrado una sesión de su cuenta de { $origin }.

## Un inicio de sesión inusual

unusual-subject = Un inicio de sesión inusual en su cuenta de { $site }
unusual-title = Un inicio de sesión inusual
unusual-preview = Si ha sido usted, no tiene que hacer nada. Si no, puede cerrar la sesión en todos los navegadores.
unusual-what = Alguien ha iniciado sesión en su cuenta de { $site }, y hay algo inusual en ello:
unusual-new_browser = Su cuenta no conoce ese navegador.
unusual-new_country = Nunca se había iniciado sesión en su cuenta desde ese país ({ $place }).
unusual-new_network = Nunca se había iniciado sesión en su cuenta desde esa parte de Internet.
unusual-too_quick = Poco antes se inició sesión en su cuenta desde otro lugar ({ $place }).
unusual-who = Quién ha iniciado sesión
unusual-was-you = Si ha sido usted
unusual-was-not-you = Si no ha sido usted
unusual-nothing = No tiene que hacer nada.
unusual-sign-out = { $link } y olvide aquellos en los que confía.
unusual-sign-out-words = Cierre la sesión en todos los navegadores
unusual-sign-out-text = Abra esta dirección. Cierra la sesión en todos los navegadores y olvida aquellos en los que confía:
unusual-then = Después cambie su contraseña y la de su buzón, y avise a quien administra { $name }.
unusual-why = Enviado por un inicio de sesión en su cuenta de { $origin }.

## Una cuenta nueva con una dirección que ya tiene una

taken-subject = Ya tiene una cuenta en { $site }
taken-title = Ya tiene una cuenta
taken-preview = Alguien ha pedido una cuenta nueva con su dirección. No ha cambiado nada.
taken-what = Alguien ha pedido una cuenta nueva en { $site } con su dirección. Usted ya tiene una, así que no se ha creado ninguna y no ha cambiado nada.
taken-was-you = Entonces inicie sesión con la cuenta que tiene. Si ya no sabe su contraseña, elija una nueva: donde inicia sesión hay un enlace para ello.
taken-not-you = Entonces no tiene que hacer nada. A quien haya sido no se le dice que usted tiene una cuenta.
taken-why = Enviado porque alguien ha escrito su dirección en { $origin }.

## Una contraseña cambiada

changed-subject = Se ha cambiado su contraseña de { $site }
changed-title = Se ha cambiado su contraseña
changed-preview = Si ha sido usted, no tiene que hacer nada. Si no, alguien usa su cuenta.
changed-what = Se ha cambiado la contraseña de su cuenta de { $site }. Se ha cerrado la sesión en todos los demás navegadores y ninguno es ya de confianza.
changed-who = Quién la ha cambiado
changed-not-you = Entonces alguien conoce su contraseña o lee sus correos. Cambie primero la contraseña de su buzón, elija después una nueva aquí y avise a quien administra { $name }.
changed-why = Enviado porque se ha cambiado una contraseña en { $origin }.

## Una invitación

invitation-subject = Tiene una invitación a { $site }
invitation-title = Tiene una invitación
invitation-preview = Elija una contraseña y tendrá una cuenta. El enlace es válido hasta el { $time }.
invitation-what = Tiene una invitación a { $name } ({ $site }). Elija una contraseña y tendrá una cuenta.
invitation-button = Elegir una contraseña
invitation-works = El enlace sirve una sola vez, hasta el { $time }. No se lo dé a nadie: quien lo abra primero se queda con la cuenta.
invitation-unknown = ¿No sabe nada de esto?
invitation-why = Enviado porque quien administra { $name } ha escrito su dirección en { $origin }.

## Lo que se ha cambiado en una cuenta

email-changed-subject = Se ha cambiado el correo electrónico de su cuenta de { $site }
email-changed-title = Se ha cambiado su correo electrónico
email-changed-preview = Los correos y códigos llegan ahora a otra dirección. Si no ha sido usted, siga leyendo.
email-changed-what = Los correos y códigos de su cuenta de { $site } llegan ahora a { $new }.
email-changed-who = Quién lo ha cambiado
email-changed-not-you = Entonces otra persona usa su cuenta. Escriba de inmediato a quien administra { $name }: usted ya no puede recibir códigos.
email-changed-not-you-new = Entonces alguien ha escrito por error su dirección y el código enviado a ella. Avise a quien administra { $name }.
email-changed-why = Enviado a la dirección antigua y a la nueva por un cambio en { $origin }.
second-step-on-subject = Códigos por correo activados para su cuenta de { $site }
second-step-on-title = Códigos por correo activados
second-step-on-preview = A partir de ahora se le pide un código después de la contraseña.
second-step-on-what = En { $site } se le pide a partir de ahora un código después de la contraseña. Se ha cerrado la sesión en todos los demás navegadores y ninguno es ya de confianza.
second-step-on-who = Quién los ha activado
second-step-on-not-you = Entonces alguien conoce su contraseña y lee sus correos. Cambie primero la contraseña de su buzón, después la de aquí, y avise a quien administra { $name }.
second-step-on-why = Enviado por un cambio en su cuenta de { $origin }.
second-step-off-subject = Códigos por correo desactivados para su cuenta de { $site }
second-step-off-title = Códigos por correo desactivados
second-step-off-preview = Ahora su contraseña basta para abrir algunas páginas. Si no ha sido usted, siga leyendo.
second-step-off-what = Algunas páginas de { $site } están ahora abiertas a quien conozca su contraseña; allí ya no se pide ningún código. Se ha cerrado la sesión en todos los demás navegadores.
second-step-off-who = Quién los ha desactivado
second-step-off-not-you = Entonces alguien conoce su contraseña y lee sus correos. Cambie primero la contraseña de su buzón, después la de aquí, active de nuevo los códigos y avise a quien administra { $name }.
second-step-off-why = Enviado por un cambio en su cuenta de { $origin }.
backup-made-subject = Códigos de respaldo nuevos para su cuenta de { $site }
backup-made-title = Se han creado códigos de respaldo nuevos
backup-made-preview = Los que tenía antes ya no sirven.
backup-made-what = Se han creado códigos de respaldo nuevos para su cuenta de { $site }. Los que tenía antes ya no sirven.
backup-made-who = Quién los ha creado
backup-made-not-you = Entonces alguien puede iniciar sesión sin sus correos. Cambie ahora su contraseña, cree usted códigos nuevos y avise a quien administra { $name }.
backup-made-why = Enviado porque se han creado códigos de respaldo en { $origin }.
backup-used-subject = Se ha usado un código de respaldo en { $site }
backup-used-title = Se ha usado un código de respaldo
backup-used-preview = Alguien ha iniciado sesión en su cuenta con él.
backup-used-what = Alguien ha iniciado sesión en su cuenta de { $site } con su contraseña y un código de respaldo.
backup-used-left = { $left ->
    [0] No queda ninguno. Cree otros en la página de su cuenta.
    [one] Queda 1 código.
   *[other] Quedan { $left } códigos.
}
backup-used-who = Quién ha iniciado sesión
backup-used-not-you = Entonces alguien tiene su contraseña y sus códigos de respaldo. Cambie ahora su contraseña, cree códigos nuevos y avise a quien administra { $name }.
backup-used-why = Enviado porque se ha usado un código de respaldo en { $origin }.

## Números de teléfono

sms-sign_in = { $code } es su código para entrar en { $site }. No se lo dé a nadie.
sms-phone = { $code } demuestra a { $site } que este número es suyo. No se lo dé a nadie.
phone-changed-subject = Su número de teléfono en { $site }
phone-changed-preview = Se ha cambiado algo del número de teléfono de su cuenta.
phone-changed-title = Su número de teléfono ha cambiado
phone-changed-set = Se ha añadido un número de teléfono a su cuenta en { $site }.
phone-changed-removed = Se ha quitado el número de teléfono de su cuenta en { $site }. Los códigos llegan por correo.
phone-changed-by-sms = Los códigos para entrar en { $site } llegan desde ahora a su teléfono por SMS.
phone-changed-by-mail = Los códigos para entrar en { $site } vuelven a llegar por correo.
phone-changed-who = Quién lo cambió
phone-changed-not-you = Entonces alguien ha entrado en su cuenta. Cambie su contraseña enseguida y dígaselo a quien se ocupa de { $name }.
phone-changed-why = Enviado porque esto se cambió en la página de su cuenta en { $origin }.
