/** The page's import contract: lib <- features <- app, and no feature knows another. */
import { readdirSync } from "node:fs";
import importPlugin from "eslint-plugin-import";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const features = readdirSync(new URL("./src/features", import.meta.url));

const zones = [
  { target: "./src/lib", from: ["./src/features", "./src/app"], message: "lib imports nothing of ours" },
  { target: "./src/features", from: "./src/app", message: "features import only lib" },
  ...features.map((name) => ({
    target: `./src/features/${name}`,
    from: "./src/features",
    except: [`./${name}`],
    message: "features never import one another; app brings them together",
  })),
];

export default tseslint.config(
  { ignores: ["dist", "node_modules"] },
  {
    files: ["src/**/*.{ts,tsx}", "*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, importPlugin.flatConfigs.typescript, reactHooks.configs.flat.recommended],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    settings: { "import/resolver": { node: { extensions: [".ts", ".tsx"] } } },
    rules: {
      "import/no-restricted-paths": ["error", { zones }],
      "import/no-cycle": "error",
      "import/no-default-export": "error",
      "max-lines": ["error", 300],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-console": "error",
    },
  },
  { files: ["*.config.ts"], rules: { "import/no-default-export": "off" } },
);
