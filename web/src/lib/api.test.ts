import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, call, download, onRefused, upload, useToken, withQuery } from "./api.ts";

const fetched = vi.fn<typeof fetch>();
const refused = vi.fn();
onRefused(refused);

beforeEach(() => {
  vi.stubGlobal("fetch", fetched);
  useToken("session");
});

afterEach(() => {
  vi.unstubAllGlobals();
  fetched.mockReset();
  refused.mockReset();
});

function answers(status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  fetched.mockImplementation(async () => new Response(status === 204 ? null : text, { status, headers }));
}

async function failure(asked: Promise<unknown>): Promise<ApiError> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

function sent(): { url: string; init: RequestInit; headers: Headers } {
  const [url, init] = fetched.mock.calls[0]!;
  return { url: String(url), init: init!, headers: init!.headers as Headers };
}

describe("a call", () => {
  test("sends the session's token, a query and JSON", async () => {
    answers(200, { data: 1 });
    await call("POST", "/api/x", { query: { page: 2, none: null, empty: "", no: false }, json: { a: 1 } });
    expect(sent().url).toBe("/api/x?page=2&no=false");
    expect(sent().init.method).toBe("POST");
    expect(sent().init.body).toBe('{"a":1}');
    expect(sent().headers.get("Authorization")).toBe("Bearer session");
    expect(sent().headers.get("Content-Type")).toBe("application/json");
  });

  test("leaves the type of a form to the browser, which knows where its parts end", async () => {
    answers(200, {});
    await call("POST", "/api/x", { form: new FormData() });
    expect(sent().headers.has("Content-Type")).toBe(false);
  });

  test("of somebody who has not logged in sends no token", async () => {
    useToken(null);
    answers(200, {});
    await call("GET", "/api/x");
    expect(sent().headers.has("Authorization")).toBe(false);
  });

  test("returns nothing where the answer is empty", async () => {
    answers(204, "");
    expect(await call("DELETE", "/api/x")).toBeUndefined();
  });

  test("escapes what is in a query", () => {
    expect(withQuery("/api/x", { title: "a&b=c d" })).toBe("/api/x?title=a%26b%3Dc+d");
    expect(withQuery("/api/x")).toBe("/api/x");
  });
});

describe("a refusal", () => {
  test("has the sentences of the server, one to a line or a list", async () => {
    answers(400, { status: "error", message: "username: no\npassword: no\n" });
    expect((await failure(call("GET", "/api/x"))).messages).toEqual(["username: no", "password: no"]);
    answers(400, { status: "error", message: ["one", "two"] });
    expect((await failure(call("GET", "/api/x"))).messages).toEqual(["one", "two"]);
    answers(404, { status: "not found", data: {} });
    expect(await failure(call("GET", "/api/x"))).toMatchObject({ status: 404, messages: [] });
  });

  test("tells how long to wait", async () => {
    answers(429, { message: "rate limit exceeded" }, { "Retry-After": "90" });
    expect(await failure(call("GET", "/api/x"))).toMatchObject({ status: 429, retryAfterS: 90 });
    answers(429, { message: "rate limit exceeded" }, { "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" });
    expect((await failure(call("GET", "/api/x"))).retryAfterS).toBe(0);
  });

  test("of a token leads to the login", async () => {
    for (const message of [
      "invalid token, please log in again",
      "signature expired, please log in again",
      "provide a valid auth token",
    ]) {
      answers(401, { message });
      await failure(call("GET", "/api/x"));
      expect(refused, message).toHaveBeenCalledOnce();
      refused.mockClear();
    }
  });

  test("of a password, or of a token that is not the session's, does not", async () => {
    answers(401, { message: "invalid credentials" });
    await failure(call("POST", "/api/x"));
    answers(401, { message: "invalid token, please log in again" });
    await failure(call("GET", "/api/x", { token: "another" }));
    expect(refused).not.toHaveBeenCalled();
  });

  test("that comes to another session than the one that asked is dropped, as is any answer", async () => {
    for (const status of [401, 200]) {
      answers(status, { message: "invalid token, please log in again" });
      const late = call("GET", "/api/x");
      useToken(`newer ${status}`); // somebody has logged in again meanwhile
      await expect(late).rejects.toMatchObject({ name: "AbortError" });
    }
    expect(refused).not.toHaveBeenCalled();
  });
});

describe("no answer", () => {
  test("is an error of status 0", async () => {
    fetched.mockRejectedValue(new TypeError("Failed to fetch"));
    expect(await failure(call("GET", "/api/x"))).toMatchObject({ status: 0, messages: [] });
    expect(await failure(download("/api/x"))).toMatchObject({ status: 0 });
  });

  test("to a question that nobody asks any more is no error of the server's", async () => {
    const controller = new AbortController();
    fetched.mockImplementation(async () => {
      controller.abort();
      throw new DOMException("aborted", "AbortError");
    });
    await expect(call("GET", "/api/x", { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  });

  test("is what comes from a proxy in place of the server", async () => {
    answers(502, "<html><h1>Bad Gateway</h1></html>");
    expect(await failure(call("GET", "/api/x"))).toMatchObject({ status: 502, messages: [] });
    answers(200, "<html>please log in to the hotel's network</html>");
    expect(await failure(call("GET", "/api/x"))).toMatchObject({ status: 200, messages: [] });
    answers(401, "<html>401</html>");
    await failure(call("GET", "/api/x"));
    expect(refused).not.toHaveBeenCalled();
  });
});

test("a file is downloaded, or why not is told", async () => {
  answers(200, "<gpx/>");
  expect(await (await download("/api/x")).text()).toBe("<gpx/>");
  answers(404, { message: "no gpx file for this workout" });
  expect((await failure(download("/api/x"))).messages).toEqual(["no gpx file for this workout"]);
});

describe("an upload", () => {
  class Request {
    static last: Request;
    upload: { onprogress?: (event: Partial<ProgressEvent>) => void } = {};
    onload = () => {};
    onerror = () => {};
    status = 0;
    responseText = "";
    headers: Record<string, string> = {};
    constructor() {
      Request.last = this;
    }
    open(): void {}
    send(): void {}
    setRequestHeader(name: string, value: string): void {
      this.headers[name] = value;
    }
    getResponseHeader(): null {
      return null;
    }
  }

  beforeEach(() => vi.stubGlobal("XMLHttpRequest", Request));

  test("tells how far it has got, and what the server says then", async () => {
    const shares: number[] = [];
    const sending = upload("/api/x", new FormData(), (share) => shares.push(share));
    const request = Request.last;
    request.upload.onprogress?.({ lengthComputable: true, loaded: 1, total: 4 });
    request.upload.onprogress?.({ lengthComputable: false, loaded: 2, total: 0 });
    Object.assign(request, { status: 201, responseText: '{"data":1}' });
    request.onload();
    expect(await sending).toEqual({ data: 1 });
    expect(shares).toEqual([0.25]);
    expect(request.headers).toEqual({ Authorization: "Bearer session" });
  });

  test("fails as a call does", async () => {
    const one = failure(upload("/api/x", new FormData(), () => {}));
    Object.assign(Request.last, { status: 413, responseText: '{"message":"too large"}' });
    Request.last.onload();
    expect(await one).toMatchObject({ status: 413, messages: ["too large"] });
    const other = failure(upload("/api/x", new FormData(), () => {}));
    Request.last.onerror();
    expect((await other).status).toBe(0);
  });
});
