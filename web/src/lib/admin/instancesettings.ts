/** The settings of an instance as they are typed: sizes in MB of 1024 × 1024 bytes, as the API counts them. */
import { checkEmail } from "../checks.ts";
import { number } from "../format.ts";
import { t } from "../i18n.svelte.ts";
import type { Config } from "../types.ts";

export interface Settings {
  adminContact: string;
  /** Fields of numbers are null when they are empty. */
  maxUsers: number | null;
  archiveFiles: number | null;
  fileMB: number | null;
  archiveMB: number | null;
}

const bytesPerMB = 1024 * 1024;

/** The highest values that the API takes. */
export const most = { maxUsers: 1_000_000, archiveFiles: 100_000, sizeMB: 10 * 1024 };

export function settingsOf(config: Config): Settings {
  return {
    adminContact: config.admin_contact ?? "",
    maxUsers: config.max_users,
    archiveFiles: config.gpx_limit_import,
    fileMB: megabytes(config.max_single_file_size),
    archiveMB: megabytes(config.max_zip_file_size),
  };
}

/** Returns what the API is sent. A size that was not changed stays exactly what it is, however it was rounded to be shown. */
export function changeOf(settings: Settings, config: Config): Record<string, string | number | null> {
  const size = (mb: number | null, before: number) =>
    mb === megabytes(before) ? before : Math.round((mb ?? 0) * bytesPerMB);
  return {
    admin_contact: settings.adminContact.trim(),
    max_users: settings.maxUsers,
    gpx_limit_import: settings.archiveFiles,
    max_single_file_size: size(settings.fileMB, config.max_single_file_size),
    max_zip_file_size: size(settings.archiveMB, config.max_zip_file_size),
  };
}

function megabytes(size: number): number {
  return Number((size / bytesPerMB).toPrecision(6));
}

/** Says what is wrong with a contact, as the API does. */
export function checkContact(contact: string): string | undefined {
  if (contact.trim() === "" || checkEmail(contact) === undefined) return undefined;
  return "valid email must be provided for admin contact";
}

/** Says what is wrong with a number that may be zero. */
export function checkCount(value: number | null, highest: number): string | undefined {
  if (value === null || !Number.isInteger(value) || value < 0) return t("admin.wholeNumber");
  return value > highest ? t("admin.atMost", { most: number(highest) }) : undefined;
}

/** Says what is wrong with a number that is more than zero; for the lowest, with the API's own sentence. */
export function checkLimit(value: number | null, highest: number, sentence: string): string | undefined {
  if (value === null || value <= 0) return sentence;
  return value > highest ? t("admin.atMost", { most: number(highest) }) : undefined;
}
