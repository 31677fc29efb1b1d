import { describe, expect, it } from "vitest";
import { agreement, answerTo, type App, judge } from "./oauth.ts";

const app: App = {
  client_description: null,
  client_id: "abc",
  id: 1,
  issued_at: "Sun, 14 Jul 2019 14:09:58 GMT",
  name: "Watch",
  redirect_uris: ["https://watch.example/back", "org.example.watch:/back?kind=1"],
  scope: "workouts:read profile:read",
  website: "https://watch.example",
};
const ask = (more: Record<string, string>) =>
  new URLSearchParams({ client_id: "abc", response_type: "code", scope: "workouts:read", ...more });

describe("what an application asks for", () => {
  it("is what it is registered for, and no more", () => {
    expect(judge(ask({ scope: "users:write workouts:read" }), app)).toEqual({
      scopes: ["workouts:read"],
      target: "https://watch.example/back",
    });
  });

  it("goes to the registered address that it names", () => {
    expect(judge(ask({ redirect_uri: "org.example.watch:/back?kind=1" }), app)).toHaveProperty(
      "target",
      "org.example.watch:/back?kind=1",
    );
  });

  it("goes to no other address, not even with a refusal", () => {
    for (const uri of ["https://evil.example/", "https://watch.example/back/", "javascript:alert(1)"]) {
      expect(judge(ask({ redirect_uri: uri, scope: "nothing" }), app)).toEqual({ reason: "address" });
    }
  });

  it("is refused where the application can hear of it", () => {
    expect(judge(ask({ scope: "users:write", state: "s" }), app)).toEqual({
      reason: "scope",
      target: "https://watch.example/back?error=invalid_scope&state=s",
    });
    expect(judge(ask({ response_type: "token" }), app)).toEqual({
      reason: "response",
      target: "https://watch.example/back?error=unsupported_response_type",
    });
  });

  it("is refused when something is in it twice", () => {
    const query = ask({});
    query.append("scope", "profile:read");
    expect(judge(query, app)).toEqual({ reason: "unclear" });
  });
});

it("answers with the state, beside what the address has already", () => {
  expect(answerTo("org.example.watch:/back?kind=1", ask({ state: "a b&c" }), { error: "access_denied" })).toBe(
    "org.example.watch:/back?kind=1&error=access_denied&state=a+b%26c",
  );
  expect(answerTo("https://watch.example/", ask({}), { error: "access_denied" })).toBe(
    "https://watch.example/?error=access_denied",
  );
});

it("tells the API only what is shown", () => {
  const form = agreement(ask({ scope: "users:write workouts:read", state: "", code_challenge: "x", extra: "1" }), [
    "workouts:read",
  ]);
  expect(Object.fromEntries(form)).toEqual({
    client_id: "abc",
    code_challenge: "x",
    confirm: "true",
    response_type: "code",
    scope: "workouts:read",
    state: "",
  });
});
