import { expect, test } from "vitest";
import { readUserList, writeUserList } from "./userlist.ts";

test("a list is written as it was read", () => {
  for (const query of ["", "q=an+na&order_by=created_at&order=desc&page=3"]) {
    expect(writeUserList(readUserList(new URLSearchParams(query))).toString()).toBe(query);
  }
});

test("nonsense in an address is as at first", () => {
  const list = readUserList(new URLSearchParams("order_by=password&order=up&page=-2"));
  expect(list).toEqual({ search: "", orderBy: "username", isDescending: false, page: 1 });
});
