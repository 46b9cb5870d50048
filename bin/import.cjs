'use strict'
/** What is imported late by files that keepCompiled.cjs compiles: V8 forgets how such a file does it. */
module.exports = (specifier) => import(specifier)
