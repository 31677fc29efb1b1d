import { expect, it } from "vitest";
import { daysOf, forPhone, type NewToken, uploadAddress } from "./tokens.ts";

const made = (scope: string): NewToken => ({
  id: 1,
  name: "Phone",
  scope,
  sport_id: null,
  created_at: "Sun, 14 Jul 2019 14:09:58 GMT",
  expires_at: null,
  last_used_at: null,
  token: "ftp_ab/c",
});

it("makes an address of a token", () => {
  expect(uploadAddress("https://fit.example", "ftp_abc")).toBe("https://fit.example/api/upload/ftp_abc");
});

it("gives a phone an address if that is enough, else the token", () => {
  expect(forPhone("https://fit.example", made("workouts:upload"))).toBe("https://fit.example/api/upload/ftp_ab%2Fc");
  expect(JSON.parse(forPhone("https://fit.example", made("workouts:read profile:read")))).toEqual({
    url: "https://fit.example",
    token: "ftp_ab/c",
  });
});

it("counts days", () => {
  expect(daysOf("never", 5)).toBeUndefined();
  expect(daysOf("365", 5)).toBe(365);
  expect(daysOf("other", 5)).toBe(5);
});
