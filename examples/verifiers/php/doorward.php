<?php

/**
 * Who doorward says is asking: checked, so that nobody who reaches this app another way can say it too.
 *
 * Copy this file into your app and require it before everything else, or name it as `auto_prepend_file`. It needs PHP 8.1
 * or later and no extension beyond the standard ones.
 *
 *     $verifier = new Doorward\SignatureVerifier(['KEYID' => hex2bin('KEY')], new Doorward\FileNonces('/run/app/nonces'));
 *     $identity = (new Doorward\Gate($verifier))->admit($_SERVER);
 *
 * `admit` takes every identity header out of `$_SERVER`, by every spelling that a server could fold to it, and puts back
 * those that are proven, with `REMOTE_USER`. Whatever cannot be proven is nobody: no check that fails, or could not run,
 * lets anybody in.
 *
 * This checks the signature alone. For the assertion take firebase/php-jwt: see README.md beside this file.
 */

declare(strict_types=1);

namespace Doorward;

/** What the request carries proves nothing. The message says why, for the log. */
final class Refused extends \Exception
{
}

/** Who is asking. */
final class Identity
{
    /** @param list<string> $groups */
    public function __construct(
        public readonly string $user,
        public readonly ?string $email,
        public readonly ?string $name,
        public readonly array $groups,
    ) {
    }
}

/** The headers that carry the identity, as `headers:` of the site has them in doorward's configuration. */
final class Names
{
    private const DEFAULTS = ['remote-user', 'remote-email', 'remote-name', 'remote-groups'];

    public function __construct(
        public readonly string $user = 'remote-user',
        public readonly string $email = 'remote-email',
        public readonly string $name = 'remote-name',
        public readonly string $groups = 'remote-groups',
        public readonly string $assertion = 'x-doorward-assertion',
    ) {
    }

    /** Whether an app could take this header for one of doorward's. */
    public function isIdentity(string $header): bool
    {
        $folded = fold($header);
        $own = array_map(fold(...), [$this->user, $this->email, $this->name, $this->groups, $this->assertion]);
        return str_starts_with($folded, 'x-doorward-') || in_array($folded, [...$own, ...self::DEFAULTS], true);
    }
}

/** The header's name as CGI folds it: letters and digits alone. */
function fold(string $header): string
{
    return preg_replace('/[^a-z0-9]/', '-', strtolower($header));
}

/** Remembers what was used. Processes that serve one app must share it, or each can be told a thing once. */
interface Nonces
{
    /** Keeps `$nonce` until it expires. False if it is there already, or there is no room: one atomic step. */
    public function add(string $nonce, int $expires, int $now): bool;
}

/**
 * Files in a folder that the app's processes share and nobody else may write: one for each minute, in which nonces expire.
 * Full means refused, so that nobody can push out what is still good. (APCu would forget everything when it is full.)
 */
final class FileNonces implements Nonces
{
    private const RECORD = 65;

    public function __construct(private readonly string $folder, private readonly int $limit = 100_000)
    {
    }

    public function add(string $nonce, int $expires, int $now): bool
    {
        $minute = intdiv($expires, 60);
        $file = fopen("$this->folder/nonces-$minute", 'c+b');
        if ($file === false || !flock($file, LOCK_EX)) {
            throw new \RuntimeException("nonces cannot be kept in $this->folder");
        }
        try {
            $record = hash('sha256', $nonce) . "\n";
            $known = stream_get_contents($file);
            if (str_contains($known, $record) || strlen($known) >= $this->limit * self::RECORD) {
                return false;
            }
            if ($known === '') {
                $this->purge(intdiv($now, 60));
            }
            if (fwrite($file, $record) !== self::RECORD || !fflush($file)) {
                throw new \RuntimeException("nonces cannot be kept in $this->folder");
            }
            return true;
        } finally {
            fclose($file);
        }
    }

    /** Once a minute: what has expired a while ago is nobody's to write any more. */
    private function purge(int $minute): void
    {
        foreach (glob("$this->folder/nonces-*") ?: [] as $path) {
            if ((int) substr(strrchr($path, '-'), 1) < $minute - 1) {
                @unlink($path);
            }
        }
    }
}

/** Checks the signature over a request (RFC 9421). */
final class SignatureVerifier
{
    // Exactly what doorward writes: one signature, its own label, the four parts of the request, then identity headers.
    private const INPUT = '/\Adoorward=(\("@method" "@authority" "@path" "@query"((?: "[a-z0-9!#$%&\'*+.^_`|~-]+"(?:;bs)?)*)\)'
        . ';created=([0-9]{1,11});expires=([0-9]{1,11});nonce="([A-Za-z0-9_-]{22})"'
        . ';alg="hmac-sha256";keyid="([A-Za-z0-9._~-]{1,64})")\z/';
    private const SIGNATURE = '#\Adoorward=:([A-Za-z0-9+/]{43}=):\z#';
    private const LONGEST_LIFE = 300;
    private const SKEW = 30;

    /** @var \Closure(): int */
    private readonly \Closure $clock;

    /**
     * `$keys` are those of the site, by their `keyid`; while they are rotated there are two
     * (`doorward keys list --reveal`).
     *
     * @param array<string, string> $keys
     */
    public function __construct(
        private readonly array $keys,
        private readonly Nonces $nonces,
        public readonly Names $names = new Names(),
        ?\Closure $clock = null,
    ) {
        $this->clock = $clock ?? time(...);
        if ($keys === [] || array_filter($keys, fn ($key) => !is_string($key) || strlen($key) < 32) !== []) {
            throw new \InvalidArgumentException('a key of doorward has 32 bytes: hex2bin(…) of what it shows');
        }
    }

    /**
     * The one who asks, or null where doorward says that nobody is signed in. PHP folds the names of headers, so what is
     * checked here is what the app reads.
     *
     * @param array<string, mixed> $server
     */
    public function verify(array $server): ?Identity
    {
        $isForm = preg_match(self::INPUT, $this->header($server, 'signature-input'), $input) === 1
            && preg_match(self::SIGNATURE, $this->header($server, 'signature'), $carried) === 1;
        if (!$isForm) {
            throw new Refused('the signature is not of the form that doorward makes');
        }
        [, $params, $listed, $created, $expires, $nonce, $keyid] = $input;
        $key = $this->keys[$keyid] ?? throw new Refused('the signature is made with another key');
        $this->checkTime((int) $created, (int) $expires);
        $covered = $this->covered($server, $listed);
        $wanted = hash_hmac('sha256', $this->base($server, $covered, $params), $key, true);
        if (!hash_equals($wanted, base64_decode($carried[1], true) ?: '')) {
            throw new Refused('the signature does not fit the request');
        }
        // Last, so that only doorward's own nonces take room.
        if (!$this->nonces->add("$keyid $nonce", (int) $expires, ($this->clock)())) {
            throw new Refused('the request is a repetition');
        }
        return $this->identity(array_column($covered, 'value', 'name'));
    }

    private function checkTime(int $created, int $expires): void
    {
        $now = ($this->clock)();
        if ($created > $now + self::SKEW) {
            throw new Refused('the signature is of a time to come');
        }
        if ($now >= $expires || $expires <= $created || $expires - $created > self::LONGEST_LIFE) {
            throw new Refused('the signature has expired');
        }
    }

    /**
     * The identity headers with their values: all that are there are covered, and each is there once.
     *
     * @param array<string, mixed> $server
     * @return list<array{name: string, binary: string, value: string}>
     */
    private function covered(array $server, string $listed): array
    {
        preg_match_all('/"([^"]+)"(;bs)?/', $listed, $fields, PREG_SET_ORDER);
        $present = array_filter(headers($server), $this->names->isIdentity(...));
        $present = array_values(array_map(fold(...), $present));
        $covered = array_map(fn ($field) => fold($field[1]), $fields);
        sort($present);
        sort($covered);
        if ($present !== $covered) {
            throw new Refused('the signature does not cover the identity headers that are there, each once');
        }
        $found = [];
        foreach ($fields as $field) {
            $value = $this->header($server, $field[1]);
            $binary = $field[2] ?? '';
            if (($binary !== '') === (preg_match('/\A[\t -~]*\z/', $value) === 1)) {
                throw new Refused('a header is not covered in the form that doorward makes');
            }
            $found[] = ['name' => $field[1], 'binary' => $binary, 'value' => $value];
        }
        return $found;
    }

    /**
     * What is signed (RFC 9421 section 2.5).
     *
     * @param array<string, mixed> $server
     * @param list<array{name: string, binary: string, value: string}> $covered
     */
    private function base(array $server, array $covered, string $params): string
    {
        [$path, $query] = [...explode('?', (string) $server['REQUEST_URI'], 2), ''];
        $derived = [
            '@method' => (string) $server['REQUEST_METHOD'],
            '@authority' => strtolower($this->header($server, 'host')),
            '@path' => $path,
            '@query' => "?$query",
        ];
        $base = '';
        foreach ($derived as $name => $value) {
            // A line feed in one of them would begin a line of the client's own.
            if (preg_match('/\A[!-~]+\z/', $value) !== 1) {
                throw new Refused('the request line cannot have been signed');
            }
            $base .= "\"$name\": $value\n";
        }
        if (!str_starts_with($path, '/')) {
            throw new Refused('the request line cannot have been signed');
        }
        foreach ($covered as ['name' => $name, 'binary' => $binary, 'value' => $value]) {
            $text = $binary === '' ? $value : ':' . base64_encode($value) . ':';
            $base .= "\"$name\"$binary: $text\n";
        }
        return "$base\"@signature-params\": $params";
    }

    /** @param array<string, string> $values */
    private function identity(array $values): ?Identity
    {
        $text = fn (string $name): ?string => ($values[strtolower($name)] ?? '') === '' ? null : $values[strtolower($name)];
        foreach ($values as $value) {
            if (preg_match('//u', $value) !== 1) {
                throw new Refused('an identity header is not UTF-8');
            }
        }
        $user = $text($this->names->user);
        if ($user === null) {
            return $values === [] ? null : throw new Refused('there is an identity without a user');
        }
        $groups = array_values(array_filter(explode(',', $text($this->names->groups) ?? ''), fn ($group) => $group !== ''));
        return new Identity($user, $text($this->names->email), $text($this->names->name), $groups);
    }

    /** @param array<string, mixed> $server */
    private function header(array $server, string $name): string
    {
        $value = $server[variable($name)] ?? null;
        return is_string($value) ? trim($value, " \t") : throw new Refused("there is no $name");
    }
}

/** The variable of `$_SERVER` that has this header. */
function variable(string $header): string
{
    return 'HTTP_' . strtoupper(strtr(fold($header), '-', '_'));
}

/**
 * The names of the request's headers, as they are folded.
 *
 * @param array<string, mixed> $server
 * @return list<string>
 */
function headers(array $server): array
{
    $names = array_filter(array_map(strval(...), array_keys($server)), fn ($name) => str_starts_with($name, 'HTTP_'));
    return array_values(array_map(fn ($name) => substr($name, 5), $names));
}

/** What an app calls first. */
final class Gate
{
    /** `$required` answers 403 to whatever does not come through doorward; otherwise that is nobody's. */
    public function __construct(private readonly SignatureVerifier $verifier, private readonly bool $required = false)
    {
    }

    /**
     * Leaves in `$server` what is proven and nothing else. The one who asks, or null.
     *
     * @param array<string, mixed> $server
     */
    public function admit(array &$server): ?Identity
    {
        $through = false;
        $identity = null;
        try {
            $identity = $this->verifier->verify($server);
            $through = true;
        } catch (\Throwable $error) {
            error_log('doorward: a request proves nobody: ' . $error->getMessage());
        }
        $this->strip($server);
        if ($identity !== null) {
            $this->write($server, $identity);
        }
        if ($this->required && !$through) {
            http_response_code(403);
            exit("This app is reached through its front door alone.\n");
        }
        return $identity;
    }

    /** @param array<string, mixed> $server */
    private function strip(array &$server): void
    {
        foreach (headers($server) as $name) {
            if ($this->verifier->names->isIdentity($name)) {
                unset($server["HTTP_$name"]);
            }
        }
        // The server's own, and what Apache makes of it after a rewrite.
        foreach (['REMOTE_USER', 'REDIRECT_REMOTE_USER', 'AUTH_TYPE', 'PHP_AUTH_USER', 'PHP_AUTH_PW'] as $name) {
            unset($server[$name]);
        }
    }

    /** @param array<string, mixed> $server */
    private function write(array &$server, Identity $identity): void
    {
        $names = $this->verifier->names;
        $values = [
            variable($names->user) => $identity->user,
            variable($names->email) => $identity->email,
            variable($names->name) => $identity->name,
            variable($names->groups) => implode(',', $identity->groups),
            'REMOTE_USER' => $identity->user,
            'AUTH_TYPE' => 'doorward',
        ];
        foreach ($values as $name => $value) {
            if ($value !== null && $value !== '') {
                $server[$name] = $value;
            }
        }
    }
}
