/** What is to be said of the backups of an instance. */
import type { Backups } from "../types.ts";

/** `off`: none are made; `failed`: the latest try; `none`: there is none yet; `old`: one is overdue. */
export type BackupState = "off" | "failed" | "none" | "old" | "good";

/** How late a backup may be before it is told, in seconds; the server looks now and then only, and making one takes time. */
const graceS = 2 * 3600;

export function backupState(backups: Backups | null, now: number): BackupState {
  if (backups === null) return "off";
  if (backups.error !== null) return "failed";
  if (backups.newest === null) return "none";
  const ageS = (now - Date.parse(backups.newest.created_at)) / 1000;
  return ageS > backups.every_s + graceS ? "old" : "good";
}
