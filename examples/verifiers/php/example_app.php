<?php

// An app behind doorward: says who is asking.
// `DOORWARD_KEYID=… DOORWARD_KEY=… DOORWARD_NONCES=FOLDER php -S 127.0.0.1:PORT example_app.php`

declare(strict_types=1);

require __DIR__ . '/doorward.php';

$nonces = new Doorward\FileNonces(getenv('DOORWARD_NONCES'));
$verifier = new Doorward\SignatureVerifier([getenv('DOORWARD_KEYID') => hex2bin(getenv('DOORWARD_KEY'))], $nonces);
$identity = (new Doorward\Gate($verifier))->admit($_SERVER);

header('Content-Type: text/plain; charset=utf-8');
echo 'user=', $identity?->user, ' header=', $_SERVER['HTTP_REMOTE_USER'] ?? '', "\n";
