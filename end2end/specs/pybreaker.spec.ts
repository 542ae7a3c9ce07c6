import { follow, pybreaker } from "../helpers/example.ts";
import { test } from "../helpers/test.ts";

test("pybreaker trips: the lever goes down within a second, and up after recovery", async ({ board }) => {
  test.setTimeout(120_000); // pip may have to fetch the library first.
  await follow(board, await pybreaker());
});
