package doorward

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Every vector, through the verifiers and through the middleware; then what vectors cannot say.

type vectorFile struct {
	Keys      json.RawMessage
	Hmac      sharedKey
	HmacNext  sharedKey `json:"hmac_next"`
	Assertion []assertionVector
	Signature []signatureVector
}

type sharedKey struct{ Keyid, Hex string }

type assertionVector struct {
	Name   string
	Now    int64
	Expect struct{ Iss, Aud, Alg string }
	Jwt    string
	Valid  bool
	Claims map[string]any
}

type signatureVector struct {
	Name     string
	Now      int64
	Valid    bool
	ReplayOf string `json:"replay_of"`
	User     string
	Request  struct {
		Method, Authority, Target string
		Headers                   [][2]string
	}
}

func vectors(t *testing.T) []vectorFile {
	t.Helper()
	folder := os.Getenv("DOORWARD_VECTORS")
	if folder == "" {
		folder = filepath.Join("..", "vectors")
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "*.json"))
	files := make([]vectorFile, len(paths))
	for i, path := range paths {
		body, err := os.ReadFile(path)
		must(t, err)
		must(t, json.Unmarshal(body, &files[i]))
	}
	good, bad := 0, 0
	for _, file := range files {
		for _, vector := range file.Signature {
			if vector.Valid {
				good++
			} else {
				bad++
			}
		}
	}
	if good == 0 || bad == 0 {
		t.Fatal("there are no vectors")
	}
	return files
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func at(now int64) func() time.Time { return func() time.Time { return time.Unix(now, 0) } }

func (f vectorFile) signatureVerifier(t *testing.T, now int64, nonces Nonces) *SignatureVerifier {
	keys := make(map[string][]byte)
	for _, shared := range []sharedKey{f.Hmac, f.HmacNext} {
		key, err := hex.DecodeString(shared.Hex)
		must(t, err)
		if shared.Keyid != "" {
			keys[shared.Keyid] = key
		}
	}
	verifier, err := NewSignatureVerifier(keys)
	must(t, err)
	verifier.Clock, verifier.Nonces = at(now), nonces
	return verifier
}

func (v signatureVector) request() *http.Request {
	request := &http.Request{
		Method: v.Request.Method, RequestURI: v.Request.Target, Host: v.Request.Authority, Header: http.Header{},
	}
	hosts := 0
	for _, line := range v.Request.Headers {
		if strings.EqualFold(line[0], "host") {
			request.Host = line[1]
			hosts++
		} else {
			request.Header.Add(line[0], line[1])
		}
	}
	if hosts > 1 {
		return nil // Go's server answers 400 itself
	}
	return request
}

// play checks the vector, after the request that it repeats if it does.
func (f vectorFile) play(t *testing.T, vector signatureVector, check func(*http.Request, *SignatureVerifier)) {
	nonces := NewMemoryNonces(10)
	for _, first := range f.Signature {
		if vector.ReplayOf != "" && first.Name == vector.ReplayOf {
			_, err := f.signatureVerifier(t, first.Now, nonces).Verify(first.request())
			must(t, err)
		}
	}
	if request := vector.request(); request != nil {
		check(request, f.signatureVerifier(t, vector.Now, nonces))
	}
}

func seenBy(gate *Gate, request *http.Request) (user string, headers []string) {
	app := http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		if identity := FromContext(request.Context()); identity != nil {
			user = identity.User
		}
		headers, _ = lines(request, "remote-user")
	})
	gate.Middleware(app).ServeHTTP(httptest.NewRecorder(), request)
	return user, headers
}

func expectSeen(t *testing.T, gate *Gate, request *http.Request, wanted string) {
	t.Helper()
	user, headers := seenBy(gate, request)
	var wantedHeaders []string
	if wanted != "" {
		wantedHeaders = []string{wanted}
	}
	if user != wanted || !slices.Equal(headers, wantedHeaders) {
		t.Errorf("the app saw %q and %q, not %q", user, headers, wanted)
	}
}

func TestSignatures(t *testing.T) {
	for _, file := range vectors(t) {
		for _, vector := range file.Signature {
			t.Run(vector.Name, func(t *testing.T) {
				file.play(t, vector, func(request *http.Request, verifier *SignatureVerifier) {
					identity, err := verifier.Verify(request)
					if vector.Valid {
						must(t, err)
						if (identity == nil) != (vector.User == "") || identity != nil && identity.User != vector.User {
							t.Errorf("%+v, not %q", identity, vector.User)
						}
					} else if !errors.Is(err, ErrRefused) {
						t.Errorf("taken: %+v", identity)
					}
				})
				file.play(t, vector, func(request *http.Request, verifier *SignatureVerifier) {
					gate, err := NewGate(verifier, nil)
					must(t, err)
					wanted := ""
					if vector.Valid {
						wanted = vector.User
					}
					expectSeen(t, gate, request, wanted)
				})
			})
		}
	}
}

func firstGood(t *testing.T) (vectorFile, signatureVector) {
	for _, file := range vectors(t) {
		for _, vector := range file.Signature {
			if vector.Valid && vector.User != "" {
				return file, vector
			}
		}
	}
	t.Fatal("no vector is valid")
	panic("unreachable")
}

func TestHeadersOfOtherNamesAreTakenOffToo(t *testing.T) {
	verifier, err := NewSignatureVerifier(map[string][]byte{"a": make([]byte, 32)})
	must(t, err)
	gate, err := NewGate(verifier, nil)
	must(t, err)
	verifier.Names.User = "X-WEBAUTH-USER"
	forged := http.Header{"X-Webauth-User": {"root"}, "X_webauth_user": {"root"}, "Remote-User": {"root"}}
	app := http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		if len(request.Header) != 0 {
			t.Error(request.Header)
		}
	})
	gate.Middleware(app).ServeHTTP(httptest.NewRecorder(), &http.Request{Header: forged})
}

func TestThroughARealConnection(t *testing.T) {
	file, vector := firstGood(t)
	gate, err := NewGate(file.signatureVerifier(t, vector.Now, NewMemoryNonces(10)), nil)
	must(t, err)
	gate.Required = true
	server := httptest.NewServer(gate.Middleware(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		_, _ = writer.Write([]byte(FromContext(request.Context()).User))
	})))
	defer server.Close()
	ask := func(lines [][2]string) int {
		request, err := http.NewRequest(vector.Request.Method, server.URL, nil)
		must(t, err)
		request.URL.Opaque = vector.Request.Target
		request.Host = vector.Request.Authority
		for _, line := range lines {
			if !strings.EqualFold(line[0], "host") {
				request.Header.Add(line[0], line[1])
			}
		}
		answer, err := http.DefaultClient.Do(request)
		must(t, err)
		must(t, answer.Body.Close())
		return answer.StatusCode
	}
	forged := [][2]string{{"Remote-User", "root"}, {"remote_user", "root"}}
	statuses := []int{ask(forged), ask(vector.Request.Headers), ask(vector.Request.Headers)}
	if !slices.Equal(statuses, []int{403, 200, 403}) {
		t.Errorf("forged, signed, again: %v", statuses)
	}
}

func TestNoncesAreKeptUntilTheyExpireAndNeverPushedOut(t *testing.T) {
	nonces := NewMemoryNonces(2)
	add := func(nonce string, expires, now int64) bool {
		return nonces.Add(nonce, time.Unix(expires, 0), time.Unix(now, 0))
	}
	outcomes := []bool{
		add("a", 60, 0), add("a", 60, 59), add("b", 161, 0), add("c", 62, 1), add("c", 162, 60), add("b", 161, 60),
	}
	if !slices.Equal(outcomes, []bool{true, false, true, false, true, false}) {
		t.Error(outcomes)
	}
}

func TestFiftyAtOnceAreOne(t *testing.T) {
	nonces, taken := NewMemoryNonces(100), make(chan bool, 50)
	var group sync.WaitGroup
	for range 50 {
		group.Add(1)
		go func() {
			defer group.Done()
			taken <- nonces.Add("a", time.Unix(60, 0), time.Unix(0, 0))
		}()
	}
	group.Wait()
	close(taken)
	count := 0
	for one := range taken {
		if one {
			count++
		}
	}
	if count != 1 {
		t.Error(count)
	}
}

type keyServer struct {
	calls int
	fails bool
	now   int64
	keys  []byte
}

// RoundTrip answers as doorward would.
func (s *keyServer) RoundTrip(*http.Request) (*http.Response, error) {
	s.calls++
	if s.fails {
		return nil, errors.New("away")
	}
	recorder := httptest.NewRecorder()
	_, _ = recorder.Write(s.keys)
	return recorder.Result(), nil
}

func (s *keyServer) set(t *testing.T) *KeySet {
	set, err := NewKeySet("https://login.example.com/_doorward/jwks.json")
	must(t, err)
	set.Client.Transport = s
	set.Clock = func() time.Time { return time.Unix(s.now, 0) }
	return set
}

func (f vectorFile) assertionVerifier(t *testing.T, vector assertionVector) *AssertionVerifier {
	var algorithms []string
	if vector.Expect.Alg != "" {
		algorithms = []string{vector.Expect.Alg}
	}
	server := &keyServer{keys: f.Keys, now: vector.Now}
	verifier, err := NewAssertionVerifier(vector.Expect.Iss, vector.Expect.Aud, server.set(t), algorithms...)
	must(t, err)
	verifier.Clock = at(vector.Now)
	return verifier
}

func TestAssertions(t *testing.T) {
	for _, file := range vectors(t) {
		for _, vector := range file.Assertion {
			t.Run(vector.Name, func(t *testing.T) {
				identity, err := file.assertionVerifier(t, vector).Verify(vector.Jwt)
				wanted := ""
				if vector.Valid {
					must(t, err)
					wanted = vector.Claims["preferred_username"].(string)
					if identity.User != wanted || !reflect.DeepEqual(identity.Claims, vector.Claims) {
						t.Errorf("%+v", identity)
					}
				} else if !errors.Is(err, ErrRefused) {
					t.Errorf("taken: %+v", identity)
				}
				gate, err := NewGate(nil, file.assertionVerifier(t, vector))
				must(t, err)
				header := http.Header{"Remote-User": {"root"}, "Remote_user": {"root"}, "X-Doorward-Assertion": {vector.Jwt}}
				expectSeen(t, gate, &http.Request{Method: "GET", RequestURI: "/", Header: header.Clone()}, wanted)
				header["X-Doorward-Assertion"] = []string{vector.Jwt, vector.Jwt}
				expectSeen(t, gate, &http.Request{Method: "GET", RequestURI: "/", Header: header}, "")
			})
		}
	}
}

func TestOneProofOfTwoIsNone(t *testing.T) {
	file, vector := firstGood(t)
	verifier := file.assertionVerifier(t, file.Assertion[0])
	gate, err := NewGate(file.signatureVerifier(t, vector.Now, NewMemoryNonces(10)), verifier)
	must(t, err)
	expectSeen(t, gate, vector.request(), "")
}

func TestKeysAreFetchedWithMeasure(t *testing.T) {
	file, _ := firstGood(t)
	server := &keyServer{keys: file.Keys}
	set := server.set(t)
	keys, err := parseKeys(file.Keys)
	must(t, err)
	var known keyName
	for known = range keys {
		break
	}
	get := func() error { _, err := set.get(known.kid, known.algorithm); return err }
	must(t, get())
	for server.now = 0; server.now < 180; server.now++ {
		if _, err := set.get("unknown", known.algorithm); err == nil {
			t.Fatal("an unknown key")
		}
	}
	if server.calls != 3 {
		t.Errorf("an unknown key was asked for %d times in three minutes", server.calls)
	}
	server.now, server.fails = 421, true
	for range 10 {
		must(t, get())
	}
	if server.calls != 4 {
		t.Errorf("a server that is away was asked %d times", server.calls)
	}
	server.now = 1100
	if get() == nil {
		t.Error("old keys are believed for ever")
	}
	server.now, server.fails = 1106, false
	must(t, get())
}

func TestKeysComeOverHTTPSFromWhereTheyShould(t *testing.T) {
	for _, address := range []string{"http://login.example.com/", "file:///etc/passwd", "http://localhost.evil.example/"} {
		if _, err := NewKeySet(address); err == nil {
			t.Errorf("%s is taken", address)
		}
	}
	file, _ := firstGood(t)
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		switch request.URL.Path {
		case "/moved":
			http.Redirect(writer, request, "/keys", http.StatusFound)
		case "/large":
			_, _ = writer.Write(make([]byte, 70_000))
		default:
			_, _ = writer.Write(file.Keys)
		}
	}))
	defer server.Close()
	for path, good := range map[string]bool{"/keys": true, "/moved": false, "/large": false} {
		set, err := NewKeySet(server.URL + path)
		must(t, err)
		if _, err := set.fetch(); (err == nil) != good {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestASymmetricKeyIsNoKey(t *testing.T) {
	keys, err := parseKeys([]byte(`{"keys":[{"kty":"oct","k":"AAAA","kid":"a","alg":"HS256"}]}`))
	must(t, err)
	if len(keys) != 0 {
		t.Error(keys)
	}
	file, _ := firstGood(t)
	if _, err := NewAssertionVerifier("a", "b", (&keyServer{keys: file.Keys}).set(t), "HS256"); err == nil {
		t.Error("HS256 is taken")
	}
}
