/** Records in the user's words and units. */
import { distance, duration, height, speed } from "../format.ts";
import { t } from "../i18n.svelte.ts";
import type { Duration, RecordType, SportRecord } from "../types.ts";

export function recordName(type: RecordType): string {
  return t(`figures.record_${type}`);
}

/** Returns how much a record is: what its number counts depends on its type. */
export function recordText({ record_type: type, value }: Pick<SportRecord, "record_type" | "value">): string {
  switch (type) {
    case "LD":
      return duration(value as Duration);
    case "FD":
      return distance(value as number);
    case "HA":
      return height(value as number);
    case "AS":
    case "MS":
      return speed(value as number);
  }
}
