"use strict";

const target = document.getElementById("docs");
// Fonts of the system: by default Redoc asks for some that only a font server has.
const family = "system-ui, sans-serif";
const options = {
  theme: { typography: { fontFamily: family, headings: { fontFamily: family } } },
};

Redoc.init(target.dataset.schema, options, target);
