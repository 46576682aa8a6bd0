# Agreement of raters.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

for (folder in folders) {
  begin()
  r <- read(folder, "ratings.csv")
  k <- quietly(psych::cohen.kappa(as.matrix(r[, 1:2]), levels = 1:4))
  put("kappa", k$kappa, sqrt(k$var.kappa))
  put("kappa.quadratic", k$weighted.kappa)
  w <- 1 - abs(outer(1:4, 1:4, "-")) / 3
  put("kappa.linear", quietly(psych::cohen.kappa(as.matrix(r[, 1:2]), w = w, levels = 1:4))$weighted.kappa)
  icc <- quietly(psych::ICC(r, lmer = FALSE))$results
  put("icc", t(as.matrix(icc[, c("ICC", "F", "df1", "df2", "p", "lower bound", "upper bound")])))
  finish(file.path(folder, "agreement.json"))
}
