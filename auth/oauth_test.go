package auth

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"fittrackee/store"
)

// registered is an application of amelie's, and amelie as she is logged in.
type registered struct {
	*rules
	amelie store.Caller
	client store.Client
	secret string
}

func (r *rules) registerApplication() registered {
	r.t.Helper()
	r.addAmelie("x")
	ctx := r.t.Context()
	u, err := r.store.UserByEmail(ctx, amelieEmail)
	if err != nil {
		r.t.Fatal(err)
	}
	v := r.newSession(Client{Addr: netip.MustParseAddr("192.0.2.1")})
	v.UserID = u.ID
	if err := r.store.AddSession(ctx, v, "x", "192.0.2.1"); err != nil {
		r.t.Fatal(err)
	}
	amelie, err := r.store.SessionCaller(ctx, v.TokenID)
	if err != nil {
		r.t.Fatal(err)
	}
	client, secret, err := r.RegisterClient(ctx, amelie, ClientMetadata{
		Name: "Watch sync", Website: "https://example.com", RedirectURIs: []string{"https://localhost/"}, Scope: "profile:read",
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return registered{r, amelie, client, secret}
}

// code returns a code that amelie has allowed.
func (a registered) code() string {
	a.t.Helper()
	text, err := a.Authorize(a.t.Context(), a.amelie, CodeRequest{
		ClientID: a.client.ClientID, ResponseType: "code", Scope: "profile:read", IsAllowed: true,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	u, err := url.Parse(text)
	if err != nil {
		a.t.Fatal(err)
	}
	return u.Query().Get("code")
}

// together exchanges the same thing twenty times, and lets the answer to the first wait until all others have theirs, as it
// does in a moment when they are sent together. It returns the tokens of the only one that got some.
func (a registered) together(in TokenRequest) (won Tokens) {
	a.t.Helper()
	const n = 20
	ctx, cancel := context.WithTimeout(a.t.Context(), 10*time.Second)
	defer cancel()
	in.ReceivedAt = time.Now()
	type answer struct {
		tokens Tokens
		err    error
	}
	answers, refused := make(chan answer, n), make(chan struct{}, n)
	a.settle = func(ctx context.Context) {
		for range n - 1 {
			select {
			case <-refused:
			case <-ctx.Done():
				a.t.Error("two are answered with tokens, or none is refused")
				return
			}
		}
	}
	for range n {
		go func() {
			t, err := a.Exchange(ctx, a.client.ClientID, a.secret, in)
			if err != nil {
				refused <- struct{}{}
			}
			answers <- answer{t, err}
		}()
	}
	winners := 0
	for range n {
		got := <-answers
		var refusal *OAuthError
		if got.err == nil {
			winners++
			won = got.tokens
		} else if !errors.As(got.err, &refusal) || refusal.Code != "invalid_grant" {
			a.t.Errorf("exchange together with others: %v; want invalid_grant", got.err)
		}
	}
	if winners != 1 {
		a.t.Errorf("%d of %d exchanges got tokens; want 1", winners, n)
	}
	a.settle = func(context.Context) {}
	return won
}

// TestExchangesTogether shows that of twenty exchanges of one code, and of twenty of one refresh token, one wins and keeps what it has won
// (A11, A12). Whoever comes after the answer is somebody else.
func TestExchangesTogether(t *testing.T) {
	t.Parallel()
	a := newRules(t).registerApplication()
	code := TokenRequest{GrantType: "authorization_code", Code: a.code()}
	first := a.together(code)
	a.opens("the tokens of the first winner", first, true)
	second := a.together(TokenRequest{GrantType: "refresh_token", RefreshToken: first.Refresh})
	a.opens("tokens that were replaced", first, false)
	a.opens("the tokens of the second winner", second, true)

	late := []TokenRequest{code, {GrantType: "refresh_token", RefreshToken: first.Refresh}}
	for _, slow := range late { // received together with the others
		if got, err := a.Exchange(t.Context(), a.client.ClientID, a.secret, slow); err == nil {
			t.Errorf("%s that took longer than the others: %v; want invalid_grant", slow.GrantType, got)
		}
		a.opens("the tokens of the second winner after a slow "+slow.GrantType, second, true)
	}
	for _, late := range late {
		late.ReceivedAt = time.Now()
		if got, err := a.Exchange(t.Context(), a.client.ClientID, a.secret, late); err == nil {
			t.Errorf("%s after the answer: %v; want invalid_grant", late.GrantType, got)
		}
		a.opens("the tokens of the second winner after a late "+late.GrantType, second, false)
	}
}

// opens checks that an access token is good, or is not any more.
func (a registered) opens(what string, t Tokens, want bool) {
	a.t.Helper()
	if _, err := a.Authenticate(a.t.Context(), t.Access); (err == nil) != want {
		a.t.Errorf("%s: %v; want them good: %v", what, err, want)
	}
}
