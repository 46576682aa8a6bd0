# What all scripts share: reading the inputs, collecting numbers by name, and
# writing them with every digit and with the versions that computed them.
# Start a script as: Rscript SCRIPT.R FOLDER [FOLDER...]; it reads FOLDER/*.csv
# and writes FOLDER/SCRIPT.json.

suppressPackageStartupMessages({
  library(survey)
  library(psych)
})

folders <- commandArgs(trailingOnly = TRUE)

read <- function(folder, name, ...) read.csv(file.path(folder, name), na.strings = c("", "NA"), stringsAsFactors = FALSE, ...)

numbers <- new.env()
begin <- function() rm(list = ls(numbers), envir = numbers)
put <- function(name, ...) assign(name, as.numeric(c(...)), envir = numbers)

digits <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))

finish <- function(path) {
  names <- sort(ls(numbers), method = "radix")
  lines <- vapply(names, function(n) sprintf("    \"%s\": [%s]", n, paste(digits(get(n, envir = numbers)), collapse = ", ")), "")
  session <- sprintf("  \"session\": \"R %s, survey %s, psych %s\"", getRversion(), packageVersion("survey"), packageVersion("psych"))
  writeLines(c("{", paste0(session, ","), "  \"values\": {", paste(lines, collapse = ",\n"), "  }", "}"), path)
}

quietly <- function(expr) {
  sink(nullfile())
  on.exit(sink())
  suppressMessages(suppressWarnings(expr))
}
