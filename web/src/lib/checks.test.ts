/** The checks say what the server says. Its own rules are quoted from its sources, so that a change there is noticed here. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkEmail, checkPassword, checkUsername } from "./checks.ts";

const source = (name: string) => readFileSync(join(import.meta.dirname, "../../../auth", name), "utf8");

/** Returns a regular expression of the Go code. Those that are asked for mean the same in both languages. */
function goPattern(file: string, name: string): RegExp {
  const expression = new RegExp(`^var ${name} = regexp\\.MustCompile\\(((?:.|\\n)*?)\\)$`, "m").exec(source(file))![1]!;
  const text = [...expression.matchAll(/`([^`]*)`|("(?:[^"\\]|\\.)*")/g)]
    .map(([, raw, quoted]) => raw ?? (JSON.parse(quoted!) as string))
    .join("");
  return new RegExp(text);
}

test("usernames are held to the server's rule", () => {
  const allowed = goPattern("register.go", "usernameForm");
  for (const name of [
    "sam",
    "Sam_2",
    "s".repeat(30),
    "sa",
    "s".repeat(31),
    "säm",
    "sam ",
    "sam\n",
    "a-b",
    "",
    "sam😀",
    "ſam",
  ]) {
    const server = name.length >= 3 && [...name].length <= 30 && allowed.test(name) && name !== "";
    expect(checkUsername(name) === undefined, JSON.stringify(name)).toBe(server);
  }
  expect(source("register.go")).toContain("n < 3 || n > 30");
  expect(checkUsername("sa")).toBe("username: 3 to 30 characters required");
  expect(checkUsername("sam-1")).toBe(
    'username: only alphanumeric characters and the underscore character "_" allowed',
  );
});

test("no address is refused that the server takes", () => {
  const allowed = goPattern("email.go", "emailForm");
  for (const email of [
    "sam@example.com",
    " sam@example.com ",
    "a+b.c@mail.example.co.uk",
    "x@y.museum",
    "o'hara@example.org",
  ]) {
    expect(email.trim(), email).toMatch(allowed);
    expect(checkEmail(email), email).toBeUndefined();
  }
  for (const email of [
    "",
    "sam",
    "sam@",
    "sam@example",
    "@example.com",
    "sam@example.",
    "s am@example.com",
    "a@b@c.de",
  ]) {
    expect(email.trim(), email).not.toMatch(allowed);
    expect(checkEmail(email), email).toBe("email: valid email must be provided");
  }
});

test("passwords are counted in characters at their least, in bytes at their most", () => {
  expect(source("password.go")).toContain("minPasswordChars = 8\n");
  expect(source("password.go")).toContain("maxPasswordBytes = 1024\n");
  expect(checkPassword("1234567")).toBe("password: 8 characters required");
  expect(checkPassword("😀😀😀😀")).toBe("password: 8 characters required");
  expect(checkPassword("😀😀😀😀😀😀😀😀")).toBeUndefined();
  expect(checkPassword("        ")).toBeUndefined();
  expect(checkPassword("a".repeat(1024))).toBeUndefined();
  expect(checkPassword("ä".repeat(513))).toBe("password: 1024 bytes at most");
});
