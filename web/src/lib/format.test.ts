import { beforeEach, describe, expect, test } from "vitest";
import * as format from "./format.ts";
import { shown } from "./preferences.svelte.ts";

beforeEach(() => {
  Object.assign(shown, { language: "en", locale: "en-GB", timezone: "UTC", isImperial: false });
});

/** Intl writes spaces of several kinds. */
const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, " ");

describe("units", () => {
  test("are metric or imperial", () => {
    expect(plain(format.distance(12.345))).toBe("12.35 km");
    expect(plain(format.speed(25))).toBe("25.0 km/h");
    expect(plain(format.height(1234))).toBe("1,234 m");
    shown.isImperial = true;
    expect(plain(format.distance(1.609344))).toBe("1.00 mi");
    expect(plain(format.speed(16.09344))).toBe("10.0 mph");
    expect(plain(format.height(0.3048))).toBe("1 ft");
    expect(format.distanceValue(format.distanceFrom(26.2))).toBeCloseTo(26.2, 10);
  });

  test("are written as the language writes them", () => {
    shown.locale = "de";
    expect(plain(format.distance(1234.5, 1))).toBe("1.234,5 km");
    shown.locale = "fr";
    expect(plain(format.distance(1234.5, 1))).toBe("1 234,5 km");
  });

  test("have short names", () => {
    expect(format.unitName("distance")).toBe("km");
    expect(format.unitName("speed")).toBe("km/h");
    expect(format.unitName("height")).toBe("m");
    shown.isImperial = true;
    expect(format.unitName("distance")).toBe("mi");
    expect(format.unitName("speed")).toBe("mph");
    expect(format.unitName("height")).toBe("ft");
  });

  test("stand for nothing where nothing is known, but not where it is zero", () => {
    expect(format.distance(null)).toBe("–");
    expect(format.duration(null)).toBe("–");
    expect(format.hours(null)).toBe("–");
    expect(plain(format.height(0))).toBe("0 m");
  });

  test("of sizes go up by 1024", () => {
    expect(plain(format.bytes(0))).toBe("0 bytes");
    expect(plain(format.bytes(1023))).toBe("1,023 bytes");
    expect(plain(format.bytes(1))).toBe("1 byte");
    expect(plain(format.bytes(1536))).toBe("1.5 kB");
    expect(plain(format.bytes(1_048_576))).toBe("1.0 MB");
    expect(plain(format.bytes(1_048_575))).toBe("1.0 MB"); // not 1,024 kB
    expect(plain(format.bytes(10 * 1_048_576))).toBe("10.0 MB");
  });
});

describe("durations", () => {
  test("are read with and without days", () => {
    expect(format.seconds("0:00:09")).toBe(9);
    expect(format.seconds("1:01:00")).toBe(3660);
    expect(format.seconds("1 day, 0:00:01")).toBe(86_401);
    expect(format.seconds("12 days, 23:59:59.5")).toBe(12 * 86_400 + 86_399);
    expect(format.seconds(null)).toBe(0);
    expect(format.seconds("soon")).toBe(0);
  });

  test("over a day are told in hours", () => {
    expect(format.duration("1 day, 2:03:04")).toBe("26:03:04");
    expect(format.duration(59)).toBe("0:00:59");
    expect(format.duration(3599.6)).toBe("1:00:00");
  });

  test("are told in words", () => {
    expect(plain(format.hours(312 * 60))).toMatch(/^5 hrs? 12 mins?$/); // as the version of ICU has it
    expect(plain(format.hours(0))).toContain("0 min");
    expect(plain(format.hours("0:00:59"))).toContain("0 min");
    shown.locale = "de";
    expect(plain(format.hours("1 day, 1:00:00"))).toBe("25 Std.");
  });
});

describe("days and times", () => {
  test("are those of the user's time zone", () => {
    const late = "Sun, 14 Jul 2019 22:30:00 GMT";
    expect(format.isoDay(late)).toBe("2019-07-14");
    shown.timezone = "Europe/Paris";
    expect(format.isoDay(late)).toBe("2019-07-15");
    expect(format.isoTime(late)).toBe("00:30");
    expect(plain(format.day(late))).toBe("15 July 2019");
    shown.timezone = "America/New_York";
    expect(format.isoDay(late)).toBe("2019-07-14");
    expect(format.isoTime(late)).toBe("18:30");
    shown.timezone = "Pacific/Kiritimati"; // 14 hours ahead
    expect(format.isoDay(late)).toBe("2019-07-15");
  });

  test("follow the clocks that are put forward and back", () => {
    shown.timezone = "Europe/Berlin";
    expect(format.isoTime("Sun, 31 Mar 2024 00:59:00 GMT")).toBe("01:59");
    expect(format.isoTime("Sun, 31 Mar 2024 01:00:00 GMT")).toBe("03:00");
    expect(format.isoTime("Sun, 27 Oct 2024 00:30:00 GMT")).toBe("02:30");
    expect(format.isoTime("Sun, 27 Oct 2024 01:30:00 GMT")).toBe("02:30");
  });

  test("that are a day only are in no time zone", () => {
    for (const timezone of ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris"]) {
      shown.timezone = timezone;
      expect(format.calendarDay("2024-03-01", { dateStyle: "long" })).toBe("1 March 2024");
    }
  });

  test("are written as the language writes them", () => {
    shown.locale = "de";
    expect(plain(format.day("Sun, 14 Jul 2019 12:00:00 GMT"))).toBe("14. Juli 2019");
    shown.locale = "fr";
    expect(plain(format.day("Sun, 14 Jul 2019 12:00:00 GMT"))).toBe("14 juillet 2019");
    expect(format.clock("Sun, 14 Jul 2019 12:05:00 GMT")).toBe("12:05");
  });
});

test("spans of days say once what both have", () => {
  const options = { day: "numeric", month: "long" } as const;
  expect(plain(format.calendarSpan("2026-10-01", "2026-10-25", options)).replace(/ ?– ?/, "-")).toBe("1-25 October");
  shown.locale = "de";
  expect(plain(format.calendarSpan("2026-10-01", "2026-10-25", options)).replace(/ ?– ?/, "-")).toBe("1.-25. Oktober");
});
