import { beforeEach, describe, expect, test } from "vitest";
import * as en from "../locales/en/index.ts";
import { ApiError } from "./api.ts";
import { checkPassword } from "./checks.ts";
import { Form } from "./form.svelte.ts";
import { t, useTexts } from "./i18n.svelte.ts";
import { session } from "./session.svelte.ts";
import type { OwnUser } from "./types.ts";

beforeEach(() => useTexts("en", en));

const make = () =>
  new Form(
    { email: "", password: "12345678" },
    { checks: { password: checkPassword }, fields: { "sorry, that email": "email" } },
  );

const refuse = (form: { refuse(error: unknown): void }, status: number, ...messages: string[]) =>
  form.refuse(new ApiError(status, messages));

describe("a form", () => {
  test("is not sent while something is wrong with it", async () => {
    const form = make();
    form.values.password = "short";
    let isSent = false;
    const done = await form.submit(async () => {
      isSent = true;
    });
    expect([done, isSent]).toEqual([false, false]);
    expect(form.errors).toEqual({ password: "A password has at least 8 characters." });
    expect(form.values.password).toBe("short");
  });

  test("is sent once at a time", async () => {
    const form = make();
    let times = 0;
    let finish = () => {};
    const work = () => {
      times++;
      return new Promise<void>((resolve) => (finish = resolve));
    };
    const first = form.submit(work);
    expect(form.isBusy).toBe(true);
    expect(await form.submit(work)).toBe(false);
    finish();
    expect(await first).toBe(true);
    expect(times).toBe(1);
    expect(form.isBusy).toBe(false);
  });

  test("forgets what was wrong before", async () => {
    const form = make();
    refuse(form, 400, "email is missing", "password: 8 characters required");
    expect(form.failure).not.toBe("");
    expect(await form.submit(async () => {})).toBe(true);
    expect([form.failure, form.errors]).toEqual(["", {}]);
  });
});

describe("a refusal", () => {
  test("is told beside the field that it is about", async () => {
    const form = make();
    const done = await form.submit(async () => {
      throw new ApiError(400, ["password: 8 characters required", "sorry, that email is already taken"]);
    });
    expect(done).toBe(false);
    expect(form.errors).toEqual({
      password: "A password has at least 8 characters.",
      email: "Another account has this address already.",
    });
    expect(form.failure).toBe("");
    expect(form.isBusy).toBe(false);
  });

  test("of several sentences about a field keeps all of them", () => {
    const form = new Form({ username: "" });
    refuse(
      form,
      400,
      "username: 3 to 30 characters required",
      'username: only alphanumeric characters and the underscore character "_" allowed',
    );
    expect(form.errors.username).toMatch(/3 to 30.*underscore/);
  });

  test("of all of it is told above", () => {
    const form = make();
    refuse(form, 401, "invalid credentials");
    expect(form.failure).toBe("The address or the password is wrong.");
    refuse(form, 400, "title: 255 characters maximum"); // no field of this form
    expect(form.failure).toContain("255");
    expect(form.errors).toEqual({});
  });

  test("that is not about what was typed is explained as elsewhere", () => {
    const form = make();
    refuse(form, 500, "password: 8 characters required");
    expect(form.failure).toBe(t("errors.server"));
    refuse(form, 0);
    expect(form.failure).toBe(t("errors.unreachable"));
    form.refuse(new TypeError("x"));
    expect(form.failure).toBe(t("errors.unexpected"));
    expect(form.errors).toEqual({});
  });
});

describe("what was typed when the session ended", () => {
  const open = () => new Form({ title: "" }, { isKept: true });
  const ended = async () => {
    throw new ApiError(401, ["invalid token, please log in again"]);
  };

  test("waits for its owner, once", async () => {
    session.user = { username: "amelie" } as OwnUser;
    const form = open();
    form.values.title = "Up to the hut";
    await form.submit(ended);
    session.user = { username: "boris" } as OwnUser;
    expect(open().values.title).toBe("");
    session.user = { username: "amelie" } as OwnUser;
    expect(open().values.title).toBe("Up to the hut");
    expect(open().values.title).toBe("");
  });

  test("is forgotten where passwords are typed", async () => {
    session.user = { username: "amelie" } as OwnUser;
    const form = make();
    form.values.email = "amelie@example.com";
    await form.submit(ended);
    expect(make().values.email).toBe("");
  });
});
