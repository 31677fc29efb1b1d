import { expect, test } from "vitest";
import { changeOf, checkContact, checkCount, checkLimit, settingsOf } from "./instancesettings.ts";
import type { Config } from "../types.ts";

const config = {
  admin_contact: null,
  gpx_limit_import: 10,
  max_single_file_size: 1_048_576,
  max_users: 0,
  max_zip_file_size: 10_000_000,
} as Config;

test("sizes are shown in MB, and stay what they are unless they are changed", () => {
  const settings = settingsOf(config);
  expect(settings).toMatchObject({ adminContact: "", fileMB: 1, archiveMB: 9.53674 });
  expect(changeOf(settings, config)).toMatchObject({ max_single_file_size: 1_048_576, max_zip_file_size: 10_000_000 });
  expect(changeOf({ ...settings, fileMB: 2.5, archiveMB: 20 }, config)).toMatchObject({
    max_single_file_size: 2_621_440,
    max_zip_file_size: 20_971_520,
  });
});

test("what the API would refuse is refused", () => {
  expect(checkContact(" ")).toBeUndefined();
  expect(checkContact("admin@example.com")).toBeUndefined();
  expect(checkContact("admin")).toBe("valid email must be provided for admin contact");
  expect(checkCount(0, 10)).toBeUndefined();
  for (const wrong of [null, -1, 1.5, 11]) expect(checkCount(wrong, 10)).toBeDefined();
  expect(checkLimit(1, 10, "too low")).toBeUndefined();
  for (const wrong of [null, 0, -1]) expect(checkLimit(wrong, 10, "too low")).toBe("too low");
  expect(checkLimit(11, 10, "too low")).not.toBe("too low");
  expect(checkLimit(11, 10, "too low")).toBeDefined();
});
