# Raking, post-stratification and trimming, and the errors after them.
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "common.R"))

after <- function(name, d) {
  put(paste0(name, ".weights"), weights(d))
  m <- svymean(~score, d, na.rm = TRUE)
  put(paste0(name, ".mean"), coef(m), SE(m), confint(m, df = degf(d)))
  t <- svytotal(~size, d)
  put(paste0(name, ".total"), coef(t), SE(t))
  by <- svyby(~score, ~group, d, svymean, na.rm = TRUE)
  put(paste0(name, ".by"), coef(by), SE(by))
  s <- svymean(~success, d, na.rm = TRUE)
  put(paste0(name, ".share"), coef(s), SE(s), attr(svyciprop(~success, d, na.rm = TRUE), "ci"))
  q <- svyratio(~real, ~size, d, na.rm = TRUE)
  put(paste0(name, ".ratio"), coef(q), SE(q))
  t <- svyttest(score ~ I(group == "b"), subset(d, group %in% c("a", "b")))
  put(paste0(name, ".ttest"), t$statistic, t$parameter, t$p.value)
  x <- svychisq(~answer + group, d)
  put(paste0(name, ".chisq"), x$statistic, x$parameter, x$p.value)
}

for (folder in folders) {
  begin()
  sample <- read(folder, "sample.csv")
  margins <- read(folder, "margins.csv")
  population <- function(variable) {
    p <- margins[margins$variable == variable, c("category", "total")]
    names(p) <- c(variable, "Freq")
    p
  }
  full <- svydesign(~cluster, strata = ~stratum, weights = ~weight, fpc = ~psus, data = sample)
  plain <- svydesign(~1, weights = ~weight, data = sample)
  rakes <- list(
    coarse = list(maxit = 10, epsilon = 1),
    fine = list(maxit = 100, epsilon = 1e-9),
    short = list(maxit = 1, epsilon = 1e-9)
  )
  for (name in names(rakes)) {
    raked <- suppressWarnings(rake(full, list(~grade, ~home), list(population("grade"), population("home")), control = rakes[[name]]))
    after(paste0("rake.", name), raked)
  }
  after("rake.plain", rake(plain, list(~home, ~grade), list(population("home"), population("grade")), control = rakes$fine))
  after("post", postStratify(full, ~home, population("home")))
  w <- weights(raked)
  after("trim", trimWeights(raked, upper = 1.6 * mean(w), lower = 0.5 * mean(w)))
  # Whole numbers: R keeps 1 / weight, and a bound that 1 / (1 / x) misses by a bit is trimmed without end.
  put("trim.strict.weights", weights(trimWeights(raked, upper = ceiling(1.6 * mean(w)), lower = floor(0.5 * mean(w)), strict = TRUE)))
  put("kish", length(w) * sum(w^2) / sum(w)^2)
  finish(file.path(folder, "weights.json"))
}
