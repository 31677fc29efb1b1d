import { expect, test } from "vitest";
import { backupState } from "./backups.ts";
import type { Backups } from "../types.ts";

const now = Date.parse("Wed, 25 Nov 2026 12:00:00 GMT");
const newest = (created_at: string) => ({ created_at, name: "a.zip", size: 1 });
const backups = (part: Partial<Backups>): Backups => ({ error: null, every_s: 86400, keep: 7, newest: null, ...part });

test("the state of backups", () => {
  expect(backupState(null, now)).toBe("off");
  expect(backupState(backups({}), now)).toBe("none");
  expect(backupState(backups({ newest: newest("Tue, 24 Nov 2026 11:00:00 GMT") }), now)).toBe("good");
  expect(backupState(backups({ newest: newest("Tue, 24 Nov 2026 09:59:00 GMT") }), now)).toBe("old");
  expect(backupState(backups({ error: "disk full", newest: newest("Wed, 25 Nov 2026 11:00:00 GMT") }), now)).toBe(
    "failed",
  );
});
