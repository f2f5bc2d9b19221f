<?php

declare(strict_types=1);

require_once __DIR__ . '/doorward.php';

use Doorward\FileNonces;
use Doorward\Gate;
use Doorward\Identity;
use Doorward\Names;
use Doorward\Nonces;
use Doorward\Refused;
use Doorward\SignatureVerifier;
use PHPUnit\Framework\TestCase;

/** Every vector, through the verifier and through the gate; then what vectors cannot say. */
final class DoorwardTest extends TestCase
{
    private string $folder;

    protected function setUp(): void
    {
        ini_set('error_log', '/dev/null');
        $this->folder = $this->emptyFolder();
    }

    protected function tearDown(): void
    {
        foreach (glob(sys_get_temp_dir() . '/doorward-php-' . getmypid() . '-*') as $folder) {
            array_map(unlink(...), glob("$folder/*"));
            rmdir($folder);
        }
    }

    private function emptyFolder(): string
    {
        $folder = sys_get_temp_dir() . '/doorward-php-' . getmypid() . '-' . bin2hex(random_bytes(8));
        mkdir($folder, 0700);
        return $folder;
    }

    /** @return list<array{0: array, 1: array}> */
    private static function vectors(): array
    {
        $vectors = [];
        foreach (glob((getenv('DOORWARD_VECTORS') ?: __DIR__ . '/../vectors') . '/*.json') as $path) {
            $file = json_decode(file_get_contents($path), true, flags: JSON_THROW_ON_ERROR);
            foreach ($file['signature'] ?? [] as $vector) {
                $vectors[] = [$file, $vector];
            }
        }
        return $vectors;
    }

    private static function verifier(array $file, int $now, Nonces $nonces): SignatureVerifier
    {
        $keys = [];
        foreach (['hmac', 'hmac_next'] as $which) {
            if (isset($file[$which])) {
                $keys[$file[$which]['keyid']] = hex2bin($file[$which]['hex']);
            }
        }
        return new SignatureVerifier($keys, $nonces, new Names(), fn () => $now);
    }

    /** `$_SERVER` as PHP's servers make it. */
    private static function server(array $vector): array
    {
        ['method' => $method, 'authority' => $authority, 'target' => $target, 'headers' => $lines] = $vector['request'];
        $server = ['REQUEST_METHOD' => $method, 'REQUEST_URI' => $target, 'REMOTE_USER' => "the server's own"];
        if (!in_array('host', array_map(fn ($line) => strtolower($line[0]), $lines), true)) {
            $lines[] = ['Host', $authority];
        }
        foreach ($lines as [$name, $value]) {
            $key = 'HTTP_' . strtoupper(strtr($name, '-', '_'));
            $server[$key] = isset($server[$key]) ? "$server[$key], $value" : $value;
        }
        return $server;
    }

    /** Checks the vector, after the request that it repeats if it does. */
    private function play(array $file, array $vector, callable $check): mixed
    {
        $nonces = new FileNonces($this->emptyFolder());
        foreach ($file['signature'] as $first) {
            if ($first['name'] === ($vector['replay_of'] ?? null)) {
                $check(self::server($first), self::verifier($file, $first['now'], $nonces));
            }
        }
        return $check(self::server($vector), self::verifier($file, $vector['now'], $nonces));
    }

    public function testThereAreVectors(): void
    {
        $valid = array_column(array_column(self::vectors(), 1), 'valid');
        $this->assertContains(true, $valid);
        $this->assertContains(false, $valid);
    }

    public function testASignatureIsTakenOrRefused(): void
    {
        foreach (self::vectors() as [$file, $vector]) {
            try {
                $identity = $this->play($file, $vector, fn ($server, $verifier) => $verifier->verify($server));
                $this->assertTrue($vector['valid'], "$vector[name]: taken");
                $this->assertSame($vector['user'], $identity?->user, $vector['name']);
            } catch (Refused $refused) {
                $this->assertFalse($vector['valid'], "$vector[name]: {$refused->getMessage()}");
            }
        }
    }

    public function testTheGateKnowsTheUserOrNobody(): void
    {
        foreach (self::vectors() as [$file, $vector]) {
            $seen = $this->play($file, $vector, function (array $server, SignatureVerifier $verifier): array {
                (new Gate($verifier))->admit($server);
                return $server;
            });
            $wanted = $vector['valid'] ? $vector['user'] : null;
            $this->assertSame($wanted, $seen['REMOTE_USER'] ?? null, $vector['name']);
            $this->assertSame($wanted, $seen['HTTP_REMOTE_USER'] ?? null, $vector['name']);
            if ($wanted === null) {
                $left = preg_grep('/^HTTP_(REMOTE|X_DOORWARD)/', array_keys($seen));
                $this->assertSame([], $left, $vector['name']);
            }
        }
    }

    private static function good(): array
    {
        return current(array_filter(self::vectors(), fn ($pair) => $pair[1]['valid'] && $pair[1]['user'] !== null));
    }

    public function testWhatBreaksWhileItIsCheckedIsNobody(): void
    {
        [$file, $vector] = self::good();
        $server = self::server($vector);
        $broken = new FileNonces('/nonexistent');
        $this->assertNull(@(new Gate(self::verifier($file, $vector['now'], $broken)))->admit($server));
        $this->assertArrayNotHasKey('HTTP_REMOTE_USER', $server);
        $this->assertArrayNotHasKey('REMOTE_USER', $server);
    }

    public function testNoncesAreKeptUntilTheyExpireAndNeverPushedOut(): void
    {
        $nonces = new FileNonces($this->folder, 2);
        $this->assertTrue($nonces->add('a', 60, 0));
        $this->assertFalse($nonces->add('a', 60, 59));
        $this->assertTrue($nonces->add('b', 61, 0));
        $this->assertFalse($nonces->add('c', 62, 0), 'full is refused');
        $this->assertTrue($nonces->add('d', 600, 540));
        $this->assertCount(1, glob("$this->folder/*"), 'what has expired is gone');
    }

    public function testTwentyAtOnceAreOne(): void
    {
        $script = sprintf(
            'require %s; echo (new Doorward\FileNonces(%s))->add("a", 60, 0) ? "taken" : "";',
            var_export(__DIR__ . '/doorward.php', true),
            var_export($this->folder, true),
        );
        $pipes = [];
        for ($i = 0; $i < 20; $i++) {
            $pipes[] = popen(escapeshellarg(PHP_BINARY) . ' -r ' . escapeshellarg($script), 'r');
        }
        $taken = array_map(stream_get_contents(...), $pipes);
        array_map(pclose(...), $pipes);
        $this->assertSame(1, count(array_filter($taken)));
    }

    public function testHeadersOfOtherNamesAreTakenOffToo(): void
    {
        $names = new Names(user: 'X-WEBAUTH-USER');
        $verifier = new SignatureVerifier(['a' => str_repeat('a', 32)], new FileNonces($this->folder), $names);
        $server = ['HTTP_X_WEBAUTH_USER' => 'root', 'HTTP_REMOTE_USER' => 'root', 'HTTP_X_DOORWARD_ASSERTION' => 'root'];
        $this->assertNull((new Gate($verifier))->admit($server));
        $this->assertSame([], $server);
    }

    public function testAKeyThatIsNotDecodedIsNoKey(): void
    {
        $this->expectException(InvalidArgumentException::class);
        new SignatureVerifier(['a' => 'short'], new FileNonces($this->folder));
    }

    public function testWhoIsProvenIsAnIdentity(): void
    {
        [$file, $vector] = self::good();
        $identity = self::verifier($file, $vector['now'], new FileNonces($this->folder))->verify(self::server($vector));
        $this->assertInstanceOf(Identity::class, $identity);
        $this->assertSame($vector['user'], $identity->user);
    }
}
