# Alpha, items dropped, and omega of one factor.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

for (folder in folders) {
  begin()
  for (name in c("items", "whole", "weak")) {
    x <- read(folder, paste0(name, ".csv"))
    a <- quietly(psych::alpha(x, check.keys = FALSE, warnings = FALSE))
    put(paste0(name, ".total"), unlist(a$total))
    put(paste0(name, ".drop"), t(as.matrix(a$alpha.drop[, c("raw_alpha", "std.alpha", "G6(smc)", "average_r", "S/N", "med.r")])))
    put(paste0(name, ".items"), t(as.matrix(a$item.stats[, c("n", "raw.r", "r.drop", "mean", "sd")])))
    put(paste0(name, ".feldt"), unlist(a$feldt[c("lower.ci", "upper.ci")]))
    put(paste0(name, ".omega"), quietly(psych::omega(x, nfactors = 1, plot = FALSE)$omega.tot))
  }
  finish(file.path(folder, "reliability.json"))
}
