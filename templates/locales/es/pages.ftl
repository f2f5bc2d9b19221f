### Los textos de las páginas.

## Todas las páginas

title-error = Error:
languages = Idioma
show = Mostrar
hide = Ocultar
show-password = Mostrar la contraseña
hide-password = Ocultar la contraseña
sign-in = Iniciar sesión
sign-out = Cerrar sesión
start-again = Empezar de nuevo
try-again = Volver a intentarlo
go-on = Continuar
go-to-site = Ir a { $site }
busy-signing-in = Iniciando sesión…
busy-signing-out = Cerrando sesión…
busy-sending = Enviando…
busy-checking = Comprobando…
busy-saving = Guardando…
span = { $unit ->
    [second] { $count ->
        [one] 1 segundo
       *[other] { $count } segundos
    }
    [minute] { $count ->
        [one] 1 minuto
       *[other] { $count } minutos
    }
    [hour] { $count ->
        [one] 1 hora
       *[other] { $count } horas
    }
   *[day] { $count ->
        [one] 1 día
       *[other] { $count } días
    }
}
countdown = (en { $time })
countdown-left = (quedan { $time })
works-until = Válido hasta las { $time }
limited = Se ha intentado demasiadas veces. Podrá volver a intentarlo a las { $time }.
form-expired = Esta página ha estado abierta demasiado tiempo y no se ha enviado nada. Vuelva a intentarlo.
trust = Confiar en este navegador durante { $span }: aquí no se le pedirá ningún código

## Iniciar sesión

login-username = Nombre de usuario o correo electrónico
login-username-missing = Escriba su nombre de usuario o su correo electrónico.
login-password = Contraseña
login-password-missing = Escriba su contraseña.
login-remember = Mantener la sesión iniciada en este dispositivo
login-send-code = Enviarme un código
login-what-comes = Recibirá un correo con un código de 6 cifras para iniciar sesión.
login-wrong = El nombre y la contraseña no coinciden. Compruebe ambos y vuelva a intentarlo.
login-wrong-name = No ha funcionado. Compruebe el nombre y vuelva a intentarlo.
login-disabled = Esta cuenta está desactivada. Pida a quien administra { $site } que la vuelva a activar.
login-busy = En este momento hay demasiadas personas iniciando sesión. Vuelva a intentarlo dentro de { $span }.
login-delayed = Demasiadas contraseñas incorrectas desde navegadores desconocidos. Vuelva a intentarlo dentro de { $span }, o hágalo en un navegador en el que ya haya iniciado sesión antes.
login-flow-lost = El inicio de sesión se ha interrumpido. Empiece de nuevo.

## El código

code-title = Mire su correo
code-title-expired = Este código ha caducado
code-title-link-only = Abra el enlace del correo
code-title-exhausted = No quedan intentos
code-title-spent = Este código ya se ha usado
code-sent = Hemos enviado un código de 6 cifras a { $address }.
code-sent-letters = Hemos enviado un código de 8 letras a { $address }.
code-for-sign_up = Demuestra que la dirección es suya.
code-for-reset = Con él puede elegir una contraseña nueva.
code-for-email_change = Demuestra que la dirección nueva es suya.
code-for-second_step_on = Con él activa el segundo paso.
code-for-second_step_off = Con él desactiva el segundo paso.
code-label = Código de 6 cifras del correo
code-label-letters = Código del correo
code-letters = Mi código tiene letras
code-resent = Hemos enviado un código nuevo. El anterior ya no sirve.
code-resent-link = Hemos enviado un enlace nuevo. El anterior ya no sirve.
code-wrong = Ese no es el código. Mire el correo más reciente y vuelva a intentarlo.
code-not-digits = El código tiene 6 cifras. Escríbalas todas.
code-not-letters = El código tiene 8 letras. Escríbalas todas.
code-tries-left = { $left ->
    [one] Queda 1 intento
   *[other] Quedan { $left } intentos
}
code-over = Este código ha caducado. Envíe uno nuevo para continuar.
code-over-none-left = Este código ha caducado. Empiece de nuevo para recibir otro.
code-over-link = Este enlace ha caducado. Envíe uno nuevo para continuar.
code-over-link-none-left = Este enlace ha caducado. Empiece de nuevo para recibir otro.
code-expired = El código para { $address } era válido hasta las { $time }. Envíe uno nuevo para continuar.
code-expired-none-left = El código para { $address } era válido hasta las { $time }. No se pueden enviar más códigos; empiece de nuevo para recibir otro.
code-link-only = Se han escrito demasiados códigos incorrectos, así que por ahora no se aceptan códigos. El enlace del correo enviado a { $address } sí funciona: ábralo en este navegador.
code-exhausted = El código se ha escrito mal demasiadas veces y ya no sirve. Empiece de nuevo para recibir otro.
spent = Si ha sido usted, ya ha iniciado sesión y puede continuar. Si no, empiece de nuevo para recibir otro.
spent-other = Si ha sido usted, no tiene que hacer nada más. Si no, empiece de nuevo para recibir otro.
resend-title = ¿No ha llegado el correo?
resend-code = Enviar un código nuevo
resend-link = Enviar un enlace nuevo
resend-too-soon-code = Es demasiado pronto para un código nuevo. Espere hasta las { $time } y vuelva a intentarlo.
resend-too-soon-link = Es demasiado pronto para un enlace nuevo. Espere hasta las { $time } y vuelva a intentarlo.
resend-spam = Mire también en la carpeta de correo no deseado.
resend-at-code = Podrá enviar un código nuevo a las { $time }.
resend-at-link = Podrá enviar un enlace nuevo a las { $time }.
resend-hint-code = Mire también en la carpeta de correo no deseado, o envíe un código nuevo. El anterior dejará de servir.
resend-hint-link = Mire también en la carpeta de correo no deseado, o envíe un enlace nuevo. El anterior dejará de servir.
resend-now-code = Ya puede enviar un código nuevo.
resend-now-link = Ya puede enviar un enlace nuevo.
resend-none-left-code = Mire también en la carpeta de correo no deseado. Aquí no se pueden enviar más códigos; empiece de nuevo para recibir otro.
resend-none-left-link = Mire también en la carpeta de correo no deseado. Aquí no se pueden enviar más enlaces; empiece de nuevo para recibir otro.
not-your-address = ¿No es su dirección?

## El enlace

link-title-sign_in = Iniciar sesión
link-title-sign_up = Confirme su dirección
link-title-reset = Elija una contraseña nueva
link-title-email_change = Confirme su dirección nueva
link-title-second_step_on = Activar el segundo paso
link-title-second_step_off = Desactivar el segundo paso
link-title-expired = Este enlace ha caducado
link-title-spent = Este enlace ya se ha usado
link-ready-sign_in = Ha abierto el enlace que enviamos a { $address }. Si lo ha pedido usted, continúe a { $site }. Si no, cierre esta página.
link-ready-sign_up = Ha abierto el enlace que enviamos a { $address }. Si ha pedido una cuenta en { $site }, continúe. Si no, cierre esta página.
link-ready-reset = Ha abierto el enlace que enviamos a { $address }. Si quiere elegir una contraseña nueva, continúe. Si no, cierre esta página.
link-ready-email_change = Ha abierto el enlace que enviamos a { $address }. Si ha pedido recibir aquí los correos de su cuenta, continúe. Si no, cierre esta página.
link-ready-second_step_on = Ha abierto el enlace que enviamos a { $address }. Si ha pedido activar el segundo paso, continúe. Si no, cierre esta página.
link-ready-second_step_off = Ha abierto el enlace que enviamos a { $address }. Si ha pedido desactivar el segundo paso, continúe. Si no, cierre esta página.
link-over = Este enlace ha caducado. Empiece de nuevo para recibir otro.
link-expired = Un enlace sirve una sola vez y durante poco tiempo, y deja de servir cuando se envía un correo más reciente. Busque un correo más reciente o empiece de nuevo para recibir uno.

## El enlace en otro navegador

relay-title = Escriba este código donde lo pidió
relay-title-no-code = Abra el enlace en el otro navegador
relay-text = Ha abierto el enlace en un navegador distinto de aquel en el que está iniciando sesión en { $host }. Para iniciar sesión allí, escriba allí este código:
relay-text-other = Ha abierto el enlace en un navegador distinto de aquel en el que lo pidió en { $host }. Para continuar allí, escriba allí este código:
relay-over = Este código ha caducado. Envíe uno nuevo desde donde está iniciando sesión.
relay-over-other = Este código ha caducado. Envíe uno nuevo desde donde lo pidió.
relay-no-code = Ha abierto el enlace en un navegador distinto de aquel en el que está iniciando sesión en { $host }. Solo funciona allí: vuelva al correo, copie el enlace y ábralo en ese navegador antes de las { $time }.
relay-no-code-other = Ha abierto el enlace en un navegador distinto de aquel en el que lo pidió en { $host }. Solo funciona allí: vuelva al correo, copie el enlace y ábralo en ese navegador antes de las { $time }.
relay-never-code = No lea este código a nadie ni lo reenvíe nunca.
relay-never-link = No reenvíe nunca el enlace.
relay-nobody-asks = Nadie de { $site } se lo pedirá. Si no lo ha pedido usted, cierre esta página.

## Un paso más

confirm-title = Un paso más
confirm-text = Ha iniciado sesión con su contraseña. La página que quiere abrir pide además un código, que enviamos a { $address }.

## Sesión iniciada y cerrada

signed-in-title = Ha iniciado sesión
signed-in-name = Nombre
signed-in-username = Nombre de usuario
signed-in-email = Correo electrónico
signed-in-with = Confirmado con
signed-in-with-code = Código por correo
signed-in-since = Desde
signed-in-until = Hasta
sign-out-title = ¿Cerrar sesión?
sign-out-text = Para volver a { $site } tendrá que iniciar sesión de nuevo.
sign-out-stay = Seguir con la sesión iniciada
signed-out-title = Ha cerrado sesión
signed-out-text = Nadie puede usar { $site } desde este navegador sin iniciar sesión.
signed-out-again = Iniciar sesión de nuevo

## No he sido yo

not-me-title = ¿No ha sido usted?
not-me-text = Esto cierra la sesión en todos los navegadores que la tienen iniciada con su cuenta de { $site } y olvida los navegadores de confianza. Después iniciará sesión de nuevo con su contraseña y un código.
not-me-sure = Sí, no he sido yo
not-me-go = Cerrar sesión en todos los navegadores
not-me-was-me = He sido yo
not-me-title-done = Sesión cerrada en todas partes
not-me-done = Ningún navegador tiene ya la sesión iniciada con su cuenta, y ninguno es de confianza.
not-me-now = Cambie ahora su contraseña y la de su buzón, y avise a quien administra { $site }.
not-me-title-over = Esta dirección ya no es válida
not-me-over = Es válida durante siete días. Si cree que otra persona usa su cuenta, avise a quien administra { $site }.

## Qué ha fallado

error-bad_request-title = No se ha entendido
error-bad_request = La dirección o el formulario no estaban completos. Compruebe la dirección, o vuelva atrás e inténtelo de nuevo.
error-forbidden-title = Sin acceso
error-forbidden = Su cuenta no puede abrir esta página. Si debería poder, pregunte a quien administra { $site }, o inicie sesión con otra cuenta.
error-not_found-title = Página no encontrada
error-not_found = No hay nada en esta dirección. Compruebe si está bien escrita.
error-method_not_allowed-title = Eso no funciona aquí
error-method_not_allowed = Esta dirección no acepta lo que se le ha enviado. Vuelva atrás e inténtelo desde la página anterior.
error-form_expired-title = Esta página ha estado abierta demasiado tiempo
error-form_expired = Por eso no se ha enviado ni cambiado nada. Abra la página de nuevo y vuelva a intentarlo. Si se repite, permita que su navegador guarde las cookies de este sitio.
error-too_large-title = Era demasiado de una vez
error-too_large = Lo enviado es más grande de lo que admite esta dirección, así que no ha cambiado nada. Vuelva atrás y envíe menos.
error-head_too_large-title = Con la dirección llega demasiado
error-head_too_large = Su navegador envía con la dirección más de lo que aquí se admite; suelen ser demasiadas cookies. Borre las cookies de este sitio e inténtelo de nuevo.
error-address_too_long-title = Esta dirección es demasiado larga
error-address_too_long = Aquí no se admiten direcciones tan largas. Vuelva atrás y pruebe con una más corta.
error-too_slow-title = Ha tardado demasiado
error-too_slow = De lo que enviaba ha llegado demasiado poco, así que no ha cambiado nada. Compruebe su conexión y envíelo de nuevo.
error-unknown_site-title = Aquí no hay ningún sitio
error-unknown_site = Ningún sitio tiene aquí este nombre. Compruebe si la dirección está bien escrita.
error-too_many_requests-title = Demasiados intentos
error-unavailable-title = No disponible en este momento
error-unavailable = El inicio de sesión no funciona en este momento. Vuelva a intentarlo dentro de { $span }; no se pierde nada.
error-upstream_unreachable-title = { $site } no responde
error-upstream_unreachable = No se puede llegar a { $site } en este momento. Vuelva a intentarlo dentro de un minuto. Si no sirve, avise a quien lo administra.
error-upstream_timeout-title = { $site } va demasiado lento
error-upstream_timeout = { $site } ha tardado demasiado en responder. Vuelva a intentarlo dentro de un minuto. Si no sirve, avise a quien lo administra.
error-internal-title = Algo ha fallado
error-internal = Es un fallo nuestro, no suyo. Vuelva a intentarlo. Si se repite, avise a quien administra { $site }.
error-number = Si pide ayuda, dé este número:

## De camino a otro sitio

ticket-title = Sesión no iniciada
ticket-title-onward = Sesión iniciada
ticket-title-in-circles = El inicio de sesión da vueltas sin fin
ticket-onward = De camino a { $host }.
ticket-in-circles = Ha iniciado sesión, pero su navegador no guarda lo que { $host } le da para ello. Permita las cookies de { $host } en su navegador y vuelva a intentarlo.
ticket-no-cookies = Su navegador no ha mostrado ninguna cookie de { $host }: no las guarda, o ha abierto usted una dirección que se dio a otro navegador. Permita las cookies de { $host } y vuelva a intentarlo.
ticket-over = El paso del inicio de sesión a { $host } sirve una sola vez, durante medio minuto y solo en el navegador que lo empezó. No se ha perdido nada: vuelva a intentarlo.

## Adónde ir en lugar de iniciar sesión

login-forgot = ¿Ha olvidado su contraseña?
login-register = Registrarse
login-password-changed = Su contraseña se ha cambiado y se ha cerrado la sesión en todos los navegadores. Inicie sesión con la nueva.

## Una cuenta nueva y una contraseña nueva

join-username = Nombre de usuario
join-username-hint = Letras, cifras, puntos, guiones y guiones bajos.
join-username-invalid = Un nombre de usuario tiene de 1 a 64 letras, cifras, puntos, guiones o guiones bajos, y empieza por una letra o una cifra.
join-username-taken = Otra persona ya tiene este nombre. Elija otro.
join-email = Correo electrónico
join-full-name = Nombre completo (opcional)
join-full-name-invalid = Un nombre tiene como máximo 128 caracteres.
register-title = Registrarse
register-email-hint = Enviaremos allí un código para ver que es suyo.
register-email-domains = Tiene que terminar en { $domains }.
register-email-invalid = Esto no es una dirección de correo. Tiene la forma nombre@example.com.
register-email-other-domain = Aquí solo pueden registrarse direcciones que terminen en { $domains }.
register-button = Registrarse
register-have-one = ¿Ya tiene una cuenta?
name-title = Elija otro nombre
name-text = Su dirección está confirmada. Entretanto, otra persona ha tomado el nombre que eligió; elija otro.
reset-title = ¿Ha olvidado su contraseña?
reset-text = Indique quién es. Si tiene una cuenta, enviaremos a su dirección un código con el que podrá elegir una contraseña nueva.
reset-button = Enviarme un código
reset-back = Volver al inicio de sesión
new-password-title = Elija una contraseña nueva
new-password-text = Se cerrará la sesión en todos los navegadores que la tengan iniciada con su cuenta.
new-password-label = Contraseña nueva
new-password-hint = { $limit } caracteres o más. Varias palabras seguidas son una buena opción.
new-password-button = Guardar
new-password-over-title = Esto ya no es válido
new-password-over-text = Una contraseña nueva solo se puede elegir una vez y durante poco tiempo. Empiece de nuevo para recibir otro código.
password-too-short = Una contraseña tiene al menos { $limit } caracteres.
password-too-long = Una contraseña tiene como máximo { $limit } bytes.
password-only-digits = Una contraseña solo con cifras se adivina enseguida. Añada palabras.
password-like-username = Se parece demasiado a su nombre de usuario. Elija otra cosa.
password-like-email = Se parece demasiado a su correo electrónico. Elija otra cosa.
password-like-full-name = Se parece demasiado a su nombre. Elija otra cosa.
password-like-site-name = Se parece demasiado al nombre de este sitio. Elija otra cosa.
password-common = Está entre las primeras contraseñas que prueba cualquiera. Elija otra cosa.
password-breached = Esta contraseña fue robada en otro lugar y figura en una lista. Elija otra cosa y cámbiela en todos los lugares donde la use.
password-unchecked = No se ha podido comprobar si esta contraseña fue robada en otro lugar. Vuelva a intentarlo dentro de un rato.
password-fair = Una sola palabra se adivina enseguida. Añada más palabras.
password-good = Por ahora no hay nada en contra.
invitation-title = Le damos la bienvenida a { $site }
invitation-text = Tiene una invitación con { $address }. Elija una contraseña y tendrá una cuenta.
invitation-username = Iniciará sesión como { $name }.
invitation-button = Crear mi cuenta
invitation-over-title = Esta invitación ya no es válida
invitation-over-text = Se ha usado, se ha retirado o es demasiado antigua. Si todavía no tiene una cuenta, pida otra a quien administra { $site }.

## La página de la cuenta

code-backup = Si tiene un código de respaldo, puede escribirlo en lugar del código.
account-title = Su cuenta
account-back = Volver a su cuenta
account-change = Cambiar
account-profile = Perfil
account-full-name = Nombre completo
account-full-name-hint = Lo que { $site } muestra de usted. Puede dejarlo vacío.
account-full-name-bad = Un nombre tiene como máximo 128 caracteres, en una línea.
account-save-name = Guardar el nombre
account-language = Idioma
account-language-browser = El que pida el navegador
account-language-hint = Para estas páginas y para los correos que le enviamos.
account-save-language = Guardar el idioma
account-signing-in = Inicio de sesión
account-email = Correo electrónico
account-password = Contraseña
account-password-set = Está definida. Solo usted la conoce.
account-password-none = Inicia sesión solo con un código por correo. Para proteger más que eso, defina una contraseña.
account-set-password = Definir una contraseña
account-second-step = Código por correo al iniciar sesión
account-second-step-always = Este sitio lo pide siempre después de la contraseña.
account-second-step-on = Activado: después de la contraseña se le pide un código en todas partes.
account-second-step-off = Desactivado: algunas páginas de este sitio piden solo la contraseña.
account-turn-on = Activar
account-turn-off = Desactivar
account-backup-codes = Códigos de respaldo
account-backup-codes-left = { $left ->
    [one] Queda 1 código de los creados el { $time }.
   *[other] Quedan { $left } códigos de los creados el { $time }.
}
account-backup-codes-none = No tiene ninguno. Con uno de ellos puede iniciar sesión cuando no llega el correo.
account-make-codes = Crear códigos nuevos
account-sessions = Sesiones iniciadas
account-sessions-hint = Navegadores con la sesión iniciada en su cuenta.
account-this-browser = Este navegador
account-session-times = Desde { $since }. Último uso: { $seen }.
account-sign-out-others = Cerrar todas las demás sesiones
account-devices = Navegadores conocidos
account-devices-hint = Navegadores en los que ha iniciado sesión con contraseña y código.
account-devices-none = Ninguno por ahora. Un navegador es conocido cuando ha iniciado sesión en él con contraseña y código.
account-device-trusted = De confianza hasta { $time }: allí no se le pide ningún código.
account-device-known = Conocido, y se le pide un código.
account-device-used = Último uso: { $time }, desde { $place }.
account-forget = Olvidar
account-forget-all = Olvidar todos
account-sign-ins = Últimos inicios de sesión
account-sign-ins-none = No hay ninguno registrado.
account-sign-ins-not-you = ¿Alguno no fue suyo? Cambie su contraseña y cierre todas las demás sesiones.
account-result-signed-in = Sesión iniciada
account-result-wrong-password = Contraseña incorrecta
account-result-wrong-code = Código incorrecto
account-result-limited = Demasiados intentos
account-done-name = Se ha guardado su nombre.
account-done-language = Se ha guardado su idioma.
account-done-password = Se ha cambiado su contraseña. Se ha cerrado la sesión en todos los demás navegadores y ninguno es ya de confianza.
account-done-email = Se ha cambiado su correo electrónico. También hemos avisado a la dirección antigua.
account-done-second-step-on = A partir de ahora se piden códigos. Se ha cerrado la sesión en todos los demás navegadores.
account-done-second-step-off = Ya no se piden códigos donde basta la contraseña. Se ha cerrado la sesión en todos los demás navegadores.
account-done-signed-out = Se ha cerrado la sesión en ese navegador.
account-done-signed-out-others = Se ha cerrado la sesión en todos los demás navegadores.
account-done-forgotten = Ese navegador se ha olvidado. En su próximo inicio de sesión se pedirá un código.
account-done-forgotten-all = Se han olvidado todos los navegadores. En los próximos inicios de sesión se pedirá un código.

## Cambiar la contraseña

password-title = Cambie su contraseña
password-what = Después se cierra la sesión en todos los demás navegadores y ninguno es ya de confianza. Le enviamos un correo sobre ello.
password-current = Contraseña actual
password-new = Contraseña nueva
password-missing = Escriba su contraseña actual.
password-wrong = Esa no es su contraseña actual. Escríbala otra vez.
password-change = Cambiar la contraseña

## Cambiar el correo electrónico

email-title = Cambie su correo electrónico
email-what = Los correos y códigos llegan ahora a { $address }. Enviaremos un código a la dirección nueva; cuando lo haya escrito, llegarán allí. Se avisa a ambas direcciones.
email-new = Correo electrónico nuevo
email-bad = Eso no es una dirección de correo. Tiene la forma nombre@example.com.
email-same = Esa ya es su dirección.

## El segundo paso

second-step-title-on = ¿Activar los códigos por correo?
second-step-what-on = Después de la contraseña se le pedirá un código en todas partes, para que nadie entre solo con la contraseña.
second-step-title-off = ¿Desactivar los códigos por correo?
second-step-what-off = Las páginas que piden solo la contraseña quedarán abiertas a quien la conozca. Las que piden siempre un código lo seguirán pidiendo.
second-step-code = Para confirmarlo, enviamos un código a { $address }.
signs-out-others = Después se cierra la sesión en todos los demás navegadores y ninguno es ya de confianza.

## Códigos de respaldo

backup-codes-title = Sus códigos de respaldo
backup-codes-title-ask = ¿Crear códigos de respaldo?
backup-codes-what = Un código de respaldo sustituye al código por correo cuando no le llega ningún correo. Recibe diez, y cada uno sirve una vez.
backup-codes-once = Se muestran una sola vez. Tenga a mano un bolígrafo, una impresora o un lugar seguro para un archivo.
backup-codes-old = { $left ->
    [one] El código que le queda deja de servir.
   *[other] Los { $left } códigos que le quedan dejan de servir.
}
backup-codes-make = Crear códigos nuevos
backup-codes-made = Estos son sus códigos nuevos. Los que tuviera antes ya no sirven.
backup-codes-keep = Guárdelos donde nadie más pueda alcanzarlos, y no solo en su buzón. No se volverán a mostrar.
backup-codes-of = Códigos de respaldo de { $username } para { $site }. Cada uno sirve una vez, en lugar del código por correo.
backup-codes-copy = Copiar
backup-codes-copied = Copiado
backup-codes-print = Imprimir
backup-codes-download = Descargar como archivo
backup-codes-done = Los he guardado

## ¿Seguro?

sure-browser = Navegador
sure-place = Dirección
sure-used = Último uso
sure-sign-out-title = ¿Cerrar la sesión en este navegador?
sure-sign-out = Después habrá que iniciar sesión en él de nuevo.
sure-sign-out-go = Cerrar la sesión
sure-sign-out-others-title = ¿Cerrar todas las demás sesiones?
sure-sign-out-others = Solo el navegador que usa ahora conserva la sesión iniciada.
sure-sign-out-others-go = Cerrar todas las demás
sure-forget-title = ¿Olvidar este navegador?
sure-forget = En su próximo inicio de sesión se pedirá un código. Si tiene la sesión iniciada, la conserva hasta que usted la cierre.
sure-forget-go = Olvidarlo
sure-forget-all-title = ¿Olvidar todos los navegadores?
sure-forget-all = En cada próximo inicio de sesión se pedirá un código, también en el navegador que usa ahora.
sure-forget-all-go = Olvidar todos

## Sin contraseña

no-password-title = Defina primero una contraseña
no-password-text = Esto solo puede cambiarlo quien acaba de iniciar sesión con contraseña y código, y su cuenta todavía no tiene contraseña.

## Un formulario enviado sin sesión

login-form-kept = Lo que ha introducido se guarda durante un cuarto de hora. Inicie sesión y podrá enviarlo.
login-form-lost = Lo que ha introducido no ha llegado y no se ha podido guardar. Inicie sesión e introdúzcalo de nuevo.
draft-title = ¿Enviar lo que ha introducido?
draft-text = Al enviarlo ya no tenía la sesión iniciada, así que no ha llegado. Se ha guardado y se puede enviar una vez.
draft-target = Para
draft-as = Enviado como
draft-send = Enviar como { $name }
draft-not-yours = Si lo ha introducido otra persona, descártelo: nadie lo verá.
draft-discard = Descartar
draft-title-discarded = Descartado
draft-discarded = No se ha enviado nada y lo que había introducido se ha borrado.
draft-title-over = No hay nada que enviar
draft-over = Se envió o se descartó, ha pasado el cuarto de hora o lo tiene otro navegador. Compruebe si ha llegado antes de introducirlo de nuevo.

## Un inicio de sesión que no sirve

login-no-cookies = Su navegador no ha devuelto la cookie que llegó con esta página, así que no se ha enviado nada. Permita las cookies de este sitio y vuelva a intentarlo.
loop-title = Ha iniciado sesión, pero no se mantiene
loop-not-kept = Su navegador guarda cookies de { $host }, pero no la de la sesión. Puede deberse a una extensión o a un ajuste que bloquea o borra cookies: haga una excepción para { $host } y vuelva a intentarlo.
loop-ended = Su navegador muestra que ha iniciado sesión en { $host }, pero esa sesión ya ha terminado. Borre las cookies de { $host } en su navegador y vuelva a intentarlo. Si se repite, puede que el reloj del servidor esté mal: avise a quien administra el sitio.
loop-host = Su navegador ha abierto { $seen }, pero un servidor en el camino lo ha convertido en { $host }, de modo que no se puede iniciar sesión. Usted no puede corregirlo: avise a quien administra el sitio de que la cabecera Host debe pasarse sin cambios.
loop-scheme = Esta página se ha abierto sin cifrado, y los navegadores solo guardan las cookies de inicio de sesión con él. Abra { $host } por https en su lugar.

## Para que ningún programa envíe un formulario

captcha-work = Para que los programas no envíen este formulario en masa, su navegador hace primero un pequeño cálculo.
captcha-working = Su navegador está calculando…
captcha-worked = Listo. Puede enviar el formulario.
captcha-held = Un momento: el formulario se enviará en cuanto termine.
captcha-waiting = Su navegador no puede hacer el cálculo. El formulario se puede enviar { $span } después de cargar esta página.
captcha-no-script = Para que los programas no envíen este formulario en masa, solo se puede enviar { $span } después de cargar esta página. Con los scripts activados no hay espera.
captcha-provider = Para que los programas no envíen este formulario en masa, un servicio de { $name } examina su navegador.
captcha-provider-no-script = Ese servicio necesita scripts. Actívelos para esta página y vuelva a cargarla.
captcha-missing = La comprobación de que ningún programa envía este formulario no había terminado, así que no se envió nada. Envíelo otra vez.
captcha-spent = Este formulario ya se envió. Si no pasó nada, envíelo otra vez.
captcha-too-soon = Fue demasiado pronto para un navegador sin scripts, así que no se envió nada. Espere { $span } y envíelo otra vez.
captcha-limited = Este formulario se envió demasiadas veces sin scripts. Actívelos o inténtelo de nuevo a las { $time }.
captcha-refused = La comprobación lo toma por obra de un programa, así que no se envió nada. Inténtelo otra vez. Si vuelve a ocurrir, dígaselo a quien se ocupa de { $site }.
captcha-away = El servicio que comprueba que ningún programa envía este formulario no responde, así que no se envió nada. Inténtelo de nuevo dentro de unos minutos.

## Números de teléfono

code-title-sms = Mire su teléfono
code-label-sms = Código de 6 dígitos del SMS
code-wrong-sms = Ese no es el código. Mire el SMS más reciente e inténtelo otra vez.
resend-title-sms = ¿No llega el SMS?
resend-spam-sms = Puede tardar un minuto.
resend-hint-code-sms = Puede tardar un minuto. Puede enviar un código nuevo; el anterior deja de servir.
resend-none-left-code-sms = Puede tardar un minuto. Aquí no se puede enviar otro código; empiece de nuevo para recibir otro.
code-for-phone = Demuestra que el número es suyo.
link-title-phone = Confirme su número
link-ready-phone = Confirme que { $address } es su número en { $site }.
account-phone = Número de teléfono
account-phone-none = No ha dado ninguno.
account-phone-add = Añadir
account-phone-sms = Los códigos al entrar llegan ahí.
account-phone-mail = Los códigos al entrar llegan por correo.
account-done-phone = Su número de teléfono se ha guardado.
account-done-phone-removed = Su número de teléfono se ha quitado. Los códigos llegan por correo.
account-done-codes-by-sms = Desde ahora los códigos llegan por SMS. Se ha cerrado la sesión en los demás navegadores.
account-done-codes-by-mail = Desde ahora los códigos llegan por correo. Se ha cerrado la sesión en los demás navegadores.
phone-title = Su número de teléfono
phone-known = Su número es { $number }.
phone-label = Número de teléfono
phone-other = Otro número
phone-hint = Con + y el prefijo del país: +41 79 123 45 67. Enviamos un código para ver que es suyo.
phone-bad = Eso no es un número de teléfono. Escríbalo con + y el prefijo del país: +41 79 123 45 67.
phone-same = Ese ya es su número.
phone-not-there = No enviamos SMS a esos números. Use otro número o siga con los códigos por correo.
phone-codes-title = Códigos al entrar
phone-codes-sms = Llegan a este número por SMS.
phone-codes-mail = Llegan por correo. Pueden llegar a este número.
phone-by-sms = Recibir códigos por SMS
phone-by-mail = Recibir códigos por correo
phone-remove-title = Quitar el número
phone-remove-sms = Los códigos vuelven a llegar por correo y se cierra la sesión en los demás navegadores.
phone-remove-plain = Entonces lo olvidamos.
phone-remove = Quitar
not-your-address-sms = ¿No es su número?
