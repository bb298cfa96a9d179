"use strict";

SwaggerUIBundle({
  url: document.getElementById("docs").dataset.schema,
  dom_id: "#docs",
  deepLinking: true,
  displayOperationId: true,
  // By default the document is sent to a validator elsewhere.
  validatorUrl: null,
});
