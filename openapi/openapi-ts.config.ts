import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "../tests/snapshots/openapi.json",
  output: {
    path: "../build/clients/typescript/src",
    module: { extension: ".js" }, // as Node wants imports of ES modules
  },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
});
