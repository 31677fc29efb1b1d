/** The list of accounts that an administrator looks at, as it stands in the page's address. */

export const orders = ["username", "created_at", "workouts_count", "is_active", "admin"] as const;

export interface UserList {
  search: string;
  orderBy: (typeof orders)[number];
  isDescending: boolean;
  page: number;
}

export function readUserList(query: URLSearchParams): UserList {
  const page = Number(query.get("page"));
  return {
    search: query.get("q") ?? "",
    orderBy: orders.find((one) => one === query.get("order_by")) ?? "username",
    isDescending: query.get("order") === "desc",
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** Writes a list as a query; what is as it is at first is left out. */
export function writeUserList(list: UserList): URLSearchParams {
  const query = new URLSearchParams();
  if (list.search !== "") query.set("q", list.search);
  if (list.orderBy !== "username") query.set("order_by", list.orderBy);
  if (list.isDescending) query.set("order", "desc");
  if (list.page > 1) query.set("page", String(list.page));
  return query;
}
