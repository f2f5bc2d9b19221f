// Package doorward checks who doorward says is asking, so that nobody who reaches this app another way can say it too.
//
// Copy this file into your app. It needs Go 1.23 or later and golang-jwt.
//
//	verifier, err := doorward.NewSignatureVerifier(map[string][]byte{"KEYID": key})
//	gate, err := doorward.NewGate(verifier, nil)
//	http.ListenAndServe("127.0.0.1:8080", gate.Middleware(app))
//
// The middleware takes every identity header off the request, by every spelling that a server could fold to it, and puts
// back those that are proven. The app then finds the user by FromContext and in the identity headers. Whatever cannot be
// proven is nobody: no check that fails, or could not run, lets anybody in.
package doorward

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// Identity is who is asking.
type Identity struct {
	User, Email, Name string
	Groups            []string
	// Subject is the account's identifier, which stays when the user is renamed. Known from an assertion alone.
	Subject string
	// Claims is everything that the assertion says.
	Claims map[string]any
}

// ErrRefused is what every refusal is: what the request carries proves nothing.
var ErrRefused = errors.New("doorward: refused")

func refused(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }

// Names are the headers that carry the identity, as `headers:` of the site has them in doorward's configuration.
type Names struct{ User, Email, Name, Groups, Assertion string }

// DefaultNames are those of a site that says nothing of them.
var DefaultNames = Names{
	User: "remote-user", Email: "remote-email", Name: "remote-name", Groups: "remote-groups",
	Assertion: "x-doorward-assertion",
}

func (n Names) list() []string { return []string{n.User, n.Email, n.Name, n.Groups, n.Assertion} }

// isIdentity says whether an app could take this header for one of doorward's.
func (n Names) isIdentity(header string) bool {
	folded := fold(header)
	same := func(name string) bool { return fold(name) == folded }
	return strings.HasPrefix(folded, "x-doorward-") ||
		slices.ContainsFunc(n.list(), same) || slices.ContainsFunc(DefaultNames.list(), same)
}

// fold gives the header's name as CGI would: letters and digits alone.
func fold(header string) string {
	return strings.Map(func(sign rune) rune {
		if sign >= 'A' && sign <= 'Z' {
			return sign + 'a' - 'A'
		}
		if sign >= 'a' && sign <= 'z' || sign >= '0' && sign <= '9' {
			return sign
		}
		return '-'
	}, header)
}

// lines gives the values of every line whose name could be taken for header, and whether all have its own name.
func lines(request *http.Request, header string) (values []string, exact bool) {
	exact = true
	for name, found := range request.Header {
		if fold(name) == fold(header) {
			values = append(values, found...)
			exact = exact && strings.EqualFold(name, header)
		}
	}
	return values, exact
}

// single gives the value of a header that is there once, by its own name.
func single(request *http.Request, header string) (string, error) {
	values, exact := lines(request, header)
	if len(values) != 1 || !exact {
		return "", refused("there is not exactly one " + header)
	}
	return strings.Trim(values[0], " \t"), nil
}

// The signature (RFC 9421) --------------------------------------------------------------------------------------------

// Nonces remembers what was used. Processes that serve one app must share it, or each can be told a thing once.
type Nonces interface {
	// Add keeps nonce until it expires. False if it is there already, or there is no room: one atomic step.
	Add(nonce string, expires, now time.Time) bool
}

// MemoryNonces is for an app that is one process. Full means refused, so that nobody can push out what is still good.
type MemoryNonces struct {
	mutex  sync.Mutex
	limit  int
	known  map[string]time.Time
	purged time.Time
}

// NewMemoryNonces keeps limit nonces at most: requests of a minute.
func NewMemoryNonces(limit int) *MemoryNonces {
	return &MemoryNonces{limit: limit, known: make(map[string]time.Time)}
}

// Add implements Nonces.
func (n *MemoryNonces) Add(nonce string, expires, now time.Time) bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if now.Sub(n.purged) >= time.Second || now.Before(n.purged) {
		n.purged = now
		for known, until := range n.known {
			if !until.After(now) {
				delete(n.known, known)
			}
		}
	}
	if _, used := n.known[nonce]; used || len(n.known) >= n.limit {
		return false
	}
	n.known[nonce] = expires
	return true
}

// Exactly what doorward writes: one signature, its own label, the four parts of the request, then identity headers.
var (
	inputForm = regexp.MustCompile("^doorward=(\\(\"@method\" \"@authority\" \"@path\" \"@query\"" +
		"((?: \"[a-z0-9!#$%&'*+.^_`|~-]+\"(?:;bs)?)*)\\)" +
		`;created=([0-9]{1,11});expires=([0-9]{1,11});nonce="([A-Za-z0-9_-]{22})"` +
		`;alg="hmac-sha256";keyid="([A-Za-z0-9._~-]{1,64})")$`)
	signatureForm = regexp.MustCompile(`^doorward=:([A-Za-z0-9+/]{43}=):$`)
	fieldForm     = regexp.MustCompile(`"([^"]+)"(;bs)?`)
	visible       = regexp.MustCompile(`^[!-~]+$`)
	plain         = regexp.MustCompile(`^[\t -~]*$`)
)

const (
	longestLife = 300
	skew        = 30
)

// SignatureVerifier checks the signature over a request.
type SignatureVerifier struct {
	// Names, Nonces and Clock may be changed before it is used.
	Names  Names
	Nonces Nonces
	Clock  func() time.Time
	keys   map[string][]byte
}

// NewSignatureVerifier takes the keys of the site by their keyid; while they are rotated there are two
// (`doorward keys list --reveal`, decoded from hexadecimal).
func NewSignatureVerifier(keys map[string][]byte) (*SignatureVerifier, error) {
	if len(keys) == 0 {
		return nil, errors.New("doorward: no key")
	}
	for _, key := range keys {
		if len(key) < 32 {
			return nil, errors.New("doorward: a key has 32 bytes: decode it from hexadecimal")
		}
	}
	return &SignatureVerifier{Names: DefaultNames, Nonces: NewMemoryNonces(100_000), Clock: time.Now, keys: keys}, nil
}

// Verify gives the one who asks, or nil where doorward says that nobody is signed in.
func (v *SignatureVerifier) Verify(request *http.Request) (*Identity, error) {
	input, err := single(request, "signature-input")
	if err != nil {
		return nil, err
	}
	given, err := single(request, "signature")
	if err != nil {
		return nil, err
	}
	found, carried := inputForm.FindStringSubmatch(input), signatureForm.FindStringSubmatch(given)
	if found == nil || carried == nil {
		return nil, refused("the signature is not of the form that doorward makes")
	}
	params, fields, created, expires, nonce, keyid := found[1], found[2], found[3], found[4], found[5], found[6]
	key, known := v.keys[keyid]
	if !known {
		return nil, refused("the signature is made with another key")
	}
	until, err := v.checkTime(created, expires)
	if err != nil {
		return nil, err
	}
	covered, err := v.covered(request, fieldForm.FindAllStringSubmatch(fields, -1))
	if err != nil {
		return nil, err
	}
	base, err := signatureBase(request, covered, params)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(base))
	if got, err := base64.StdEncoding.Strict().DecodeString(carried[1]); err != nil || !hmac.Equal(mac.Sum(nil), got) {
		return nil, refused("the signature does not fit the request")
	}
	// Last, so that only doorward's own nonces take room.
	if !v.Nonces.Add(keyid+" "+nonce, until, v.Clock()) {
		return nil, refused("the request is a repetition")
	}
	return v.identity(covered)
}

func (v *SignatureVerifier) checkTime(created, expires string) (time.Time, error) {
	// Eleven digits always fit.
	from, _ := strconv.ParseInt(created, 10, 64)
	until, _ := strconv.ParseInt(expires, 10, 64)
	now := v.Clock().Unix()
	if from > now+skew {
		return time.Time{}, refused("the signature is of a time to come")
	}
	if now >= until || until <= from || until-from > longestLife {
		return time.Time{}, refused("the signature has expired")
	}
	return time.Unix(until, 0), nil
}

type field struct{ name, binary, value string }

// covered gives the identity headers with their values: all that are there are covered, and each is there once.
func (v *SignatureVerifier) covered(request *http.Request, fields [][]string) ([]field, error) {
	var present, listed []string
	for name, values := range request.Header {
		if v.Names.isIdentity(name) {
			present = append(present, slices.Repeat([]string{fold(name)}, len(values))...)
		}
	}
	covered := make([]field, 0, len(fields))
	for _, match := range fields {
		listed = append(listed, fold(match[1]))
		covered = append(covered, field{name: match[1], binary: match[2]})
	}
	slices.Sort(present)
	slices.Sort(listed)
	if !slices.Equal(present, listed) {
		return nil, refused("the signature does not cover the identity headers that are there, each once")
	}
	for i := range covered {
		value, err := single(request, covered[i].name)
		if err != nil {
			return nil, err
		}
		if (covered[i].binary != "") == plain.MatchString(value) {
			return nil, refused("a header is not covered in the form that doorward makes")
		}
		covered[i].value = value
	}
	return covered, nil
}

func (v *SignatureVerifier) identity(covered []field) (*Identity, error) {
	if len(covered) == 0 {
		return nil, nil
	}
	values := make(map[string]string, len(covered))
	for _, field := range covered {
		if !utf8.ValidString(field.value) {
			return nil, refused("an identity header is not UTF-8")
		}
		values[field.name] = field.value
	}
	value := func(name string) string { return values[strings.ToLower(name)] }
	user := value(v.Names.User)
	if user == "" {
		return nil, refused("there is an identity without a user")
	}
	groups := strings.FieldsFunc(value(v.Names.Groups), func(sign rune) bool { return sign == ',' })
	return &Identity{User: user, Email: value(v.Names.Email), Name: value(v.Names.Name), Groups: groups}, nil
}

// signatureBase is what is signed (RFC 9421 section 2.5).
func signatureBase(request *http.Request, covered []field, params string) (string, error) {
	path, query, _ := strings.Cut(request.RequestURI, "?")
	derived := [][2]string{
		{"@method", request.Method},
		{"@authority", strings.ToLower(request.Host)},
		{"@path", path},
		{"@query", "?" + query},
	}
	var base strings.Builder
	for _, part := range derived {
		// A line feed in one of them would begin a line of the client's own.
		if !visible.MatchString(part[1]) {
			return "", refused("the request line cannot have been signed")
		}
		fmt.Fprintf(&base, "%q: %s\n", part[0], part[1])
	}
	if !strings.HasPrefix(path, "/") {
		return "", refused("the request line cannot have been signed")
	}
	for _, field := range covered {
		value := field.value
		if field.binary != "" {
			value = ":" + base64.StdEncoding.EncodeToString([]byte(value)) + ":"
		}
		fmt.Fprintf(&base, "\"%s\"%s: %s\n", field.name, field.binary, value)
	}
	fmt.Fprintf(&base, "\"@signature-params\": %s", params)
	return base.String(), nil
}

// The assertion (JWT) -------------------------------------------------------------------------------------------------

// KeySet is doorward's public keys, from https://…/_doorward/jwks.json: fetched when first needed, kept for five minutes,
// and asked for again because of an unknown key once a minute at most.
type KeySet struct {
	// Client and Clock may be changed before it is used.
	Client *http.Client
	Clock  func() time.Time

	address   string
	mutex     sync.Mutex
	keys      map[keyName]any
	fetched   time.Time
	notBefore time.Time
}

type keyName struct{ kid, algorithm string }

const (
	refresh           = 5 * time.Minute
	keep              = 15 * time.Minute
	pause             = time.Minute
	pauseAfterFailure = 5 * time.Second
	largestKeySet     = 64 << 10
)

// NewKeySet takes the address of the keys: https, or http on this machine.
func NewKeySet(address string) (*KeySet, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	host := parsed.Hostname()
	isLoopback := host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
	if host == "" || parsed.Scheme != "https" && !(parsed.Scheme == "http" && isLoopback) {
		return nil, errors.New("doorward: keys are fetched over https")
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Timeout: 5 * time.Second, CheckRedirect: stay}
	return &KeySet{Client: client, Clock: time.Now, address: address}, nil
}

// get gives the key of this name for this algorithm and no other.
func (s *KeySet) get(kid, algorithm string) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now, name := s.Clock(), keyName{kid, algorithm}
	_, known := s.keys[name]
	if (!known || now.Sub(s.fetched) >= refresh) && !now.Before(s.notBefore) {
		s.refresh(now)
	}
	if now.Sub(s.fetched) >= keep {
		return nil, refused("the keys cannot be fetched")
	}
	if key, known := s.keys[name]; known {
		return key, nil
	}
	return nil, refused("the assertion is made with another key")
}

func (s *KeySet) refresh(now time.Time) {
	s.notBefore = now.Add(pauseAfterFailure)
	keys, err := s.fetch()
	if err != nil {
		slog.Warn("doorward's keys cannot be fetched", "error", err)
		return
	}
	s.keys, s.fetched, s.notBefore = keys, now, now.Add(pause)
}

func (s *KeySet) fetch() (map[keyName]any, error) {
	answer, err := s.Client.Get(s.address)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, largestKeySet+1))
	if err != nil {
		return nil, err
	}
	if len(body) > largestKeySet {
		return nil, errors.New("too many keys")
	}
	return parseKeys(body)
}

type jwk struct{ Kty, Crv, Kid, Alg, Use, X, Y string }

// parseKeys gives the keys by name and algorithm: Ed25519 for EdDSA, P-256 for ES256, and nothing else.
func parseKeys(body []byte) (map[keyName]any, error) {
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, err
	}
	keys := make(map[keyName]any)
	for _, key := range set.Keys {
		algorithm, public := key.parse()
		if public == nil || key.Kid == "" || key.Alg != "" && key.Alg != algorithm || key.Use != "" && key.Use != "sig" {
			continue
		}
		name := keyName{key.Kid, algorithm}
		if _, twice := keys[name]; twice {
			return nil, errors.New("two keys have one name")
		}
		keys[name] = public
	}
	return keys, nil
}

func (k jwk) parse() (algorithm string, public any) {
	x, errX := base64.RawURLEncoding.DecodeString(k.X)
	y, errY := base64.RawURLEncoding.DecodeString(k.Y)
	if errX != nil || errY != nil || len(x) != 32 {
		return "", nil
	}
	switch {
	case k.Kty == "OKP" && k.Crv == "Ed25519":
		return "EdDSA", ed25519.PublicKey(x)
	case k.Kty == "EC" && k.Crv == "P-256" && len(y) == 32:
		// ecdh takes points of the curve alone.
		if _, err := ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, x, y)); err != nil {
			return "", nil
		}
		return "ES256", &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	default:
		return "", nil
	}
}

// AssertionVerifier checks the assertion.
type AssertionVerifier struct {
	// Clock may be changed before it is used.
	Clock      func() time.Time
	issuer     string
	audience   string
	algorithms []string
	keys       *KeySet
}

// NewAssertionVerifier takes the portal's origin, this site's (https://wiki.example.com), the keys, and the algorithms
// that are taken: EdDSA where none is named.
func NewAssertionVerifier(issuer, audience string, keys *KeySet, algorithms ...string) (*AssertionVerifier, error) {
	if len(algorithms) == 0 {
		algorithms = []string{"EdDSA"}
	}
	for _, algorithm := range algorithms {
		if algorithm != "EdDSA" && algorithm != "ES256" {
			return nil, errors.New("doorward signs with EdDSA or ES256")
		}
	}
	if issuer == "" || audience == "" || keys == nil {
		return nil, errors.New("doorward: issuer, audience and keys are needed")
	}
	return &AssertionVerifier{time.Now, issuer, audience, algorithms, keys}, nil
}

// Verify gives the one who asks.
func (v *AssertionVerifier) Verify(token string) (*Identity, error) {
	if len(token) > 8192 {
		return nil, refused("the assertion is too long")
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, v.key,
		jwt.WithValidMethods(v.algorithms), jwt.WithIssuer(v.issuer), jwt.WithAudience(v.audience),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(skew*time.Second), jwt.WithTimeFunc(v.Clock), jwt.WithStrictDecoding())
	if err != nil {
		return nil, refused("the assertion is not good: " + err.Error())
	}
	// The library takes a list of audiences, too.
	if claims["aud"] != v.audience || claims["iat"] == nil {
		return nil, refused("the assertion is not of the form that doorward makes")
	}
	return asserted(claims)
}

func (v *AssertionVerifier) key(token *jwt.Token) (any, error) {
	kid, named := token.Header["kid"].(string)
	_, critical := token.Header["crit"]
	if !named || critical || token.Header["typ"] != "JWT" {
		return nil, refused("the assertion is not of the form that doorward makes")
	}
	return v.keys.get(kid, token.Method.Alg())
}

func asserted(claims jwt.MapClaims) (*Identity, error) {
	identity := Identity{Claims: claims}
	ok := text(claims, "preferred_username", &identity.User) && text(claims, "sub", &identity.Subject) &&
		text(claims, "email", &identity.Email) && text(claims, "name", &identity.Name)
	groups, isList := claims["groups"].([]any)
	for _, group := range groups {
		name, isText := group.(string)
		ok = ok && isText && isLine(name)
		identity.Groups = append(identity.Groups, name)
	}
	if !ok || identity.User == "" || identity.Subject == "" || !isList && claims["groups"] != nil {
		return nil, refused("the assertion does not say who is asking")
	}
	return &identity, nil
}

func text(claims jwt.MapClaims, name string, to *string) bool {
	if claims[name] == nil {
		return true
	}
	value, isText := claims[name].(string)
	*to = value
	return isText && isLine(value)
}

func isLine(value string) bool {
	return !strings.ContainsFunc(value, func(sign rune) bool { return sign < ' ' || sign == 127 })
}

// The middleware ------------------------------------------------------------------------------------------------------

// Gate is the middleware. With a signature and an assertion, both must hold, and name the same user.
type Gate struct {
	// Required answers 403 to whatever does not come through doorward; otherwise that is nobody's, and the app decides.
	Required bool
	// Names may be changed before it is used. With a signature those count over which it is.
	Names     Names
	signature *SignatureVerifier
	assertion *AssertionVerifier
}

// NewGate takes a signature, an assertion or both.
func NewGate(signature *SignatureVerifier, assertion *AssertionVerifier) (*Gate, error) {
	if signature == nil && assertion == nil {
		return nil, errors.New("doorward: give a signature, an assertion or both")
	}
	return &Gate{Names: DefaultNames, signature: signature, assertion: assertion}, nil
}

func (g *Gate) names() Names {
	if g.signature != nil {
		return g.signature.Names
	}
	return g.Names
}

type contextKey struct{}

// FromContext gives the one who asks, or nil.
func FromContext(ctx context.Context) *Identity {
	identity, _ := ctx.Value(contextKey{}).(*Identity)
	return identity
}

// Middleware passes on to app what is proven and nothing else.
func (g *Gate) Middleware(app http.Handler) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		through, identity, err := g.check(request)
		if err != nil {
			slog.Info("a request proves nobody", "error", err)
		}
		if g.Required && !through {
			http.Error(writer, "This app is reached through its front door alone.", http.StatusForbidden)
			return
		}
		request = request.Clone(context.WithValue(request.Context(), contextKey{}, identity))
		names := g.names()
		for name := range request.Header {
			if names.isIdentity(name) {
				delete(request.Header, name)
			}
		}
		g.write(request.Header, identity)
		app.ServeHTTP(writer, request)
	})
}

func (g *Gate) check(request *http.Request) (through bool, identity *Identity, err error) {
	var signed *Identity
	if g.signature != nil {
		if signed, err = g.signature.Verify(request); err != nil {
			return false, nil, err
		}
	}
	if g.assertion == nil {
		return true, signed, nil
	}
	names := g.names()
	if values, _ := lines(request, names.Assertion); len(values) == 0 {
		if signed != nil {
			return false, nil, refused("there is no assertion")
		}
		return g.signature != nil, nil, nil
	}
	token, err := single(request, names.Assertion)
	if err != nil {
		return false, nil, err
	}
	asserted, err := g.assertion.Verify(token)
	if err != nil {
		return false, nil, err
	}
	if g.signature != nil && (signed == nil || signed.User != asserted.User) {
		return false, nil, refused("signature and assertion name different users")
	}
	return true, asserted, nil
}

func (g *Gate) write(header http.Header, identity *Identity) {
	if identity == nil {
		return
	}
	names := g.names()
	values := map[string]string{
		names.User: identity.User, names.Email: identity.Email, names.Name: identity.Name,
		names.Groups: strings.Join(identity.Groups, ","),
	}
	for name, value := range values {
		if value != "" {
			header.Set(name, value)
		}
	}
}
