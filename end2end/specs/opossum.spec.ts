import { follow, opossum } from "../helpers/example.ts";
import { test } from "../helpers/test.ts";

test("opossum trips: the lever goes down within a second, and up after recovery", async ({ board }) => {
  await follow(board, await opossum());
});
