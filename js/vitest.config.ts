/** Runs the tests that sit beside the files they test. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "happy-dom" },
});
