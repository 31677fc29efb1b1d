import { expect, test } from "vitest";
import { Resource } from "./resource.svelte.ts";

/** Returns a question whose answers are given by hand, in any order. */
function byHand() {
  const questions: { answer: (value: string) => void; fail: (error: unknown) => void; signal: AbortSignal }[] = [];
  const asked = new Resource<string>(
    (signal) => new Promise((answer, fail) => questions.push({ answer, fail, signal })),
  );
  return { asked, questions };
}

test("it is loading until the answer is there", async () => {
  const { asked, questions } = byHand();
  expect(asked.isLoading).toBe(true);
  const done = asked.reload();
  questions[0]!.answer("a");
  await done;
  expect([asked.data, asked.error, asked.isLoading]).toEqual(["a", undefined, false]);
});

test("an answer to an earlier question is thrown away", async () => {
  const { asked, questions } = byHand();
  const first = asked.reload();
  const second = asked.reload();
  expect(questions[0]!.signal.aborted).toBe(true);
  questions[1]!.answer("new");
  await second;
  questions[0]!.answer("old");
  await first;
  expect([asked.data, asked.isLoading]).toEqual(["new", false]);
});

test("a failure keeps what was there, and goes when it is there again", async () => {
  const { asked, questions } = byHand();
  const first = asked.reload();
  questions[0]!.answer("a");
  await first;
  const second = asked.reload();
  questions[1]!.fail("broken");
  await second;
  expect([asked.data, asked.error, asked.isLoading]).toEqual(["a", "broken", false]);
  const third = asked.reload();
  questions[2]!.answer("b");
  await third;
  expect([asked.data, asked.error]).toEqual(["b", undefined]);
});

test("nothing comes of a question that was stopped", async () => {
  const { asked, questions } = byHand();
  const done = asked.reload();
  asked.stop();
  questions[0]!.fail("aborted");
  await done;
  expect([asked.data, asked.error]).toEqual([undefined, undefined]);
});
