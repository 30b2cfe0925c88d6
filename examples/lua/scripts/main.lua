local primes = require "primes"

print("primes below 50:", table.concat(primes.below(50), " "))
print(("%d of them are below a million"):format(#primes.below(1000000)))
