return mail_from(3)
