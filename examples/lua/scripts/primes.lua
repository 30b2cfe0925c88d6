local primes = {}

function primes.below(limit)
	local composite, found = {}, {}
	for n = 2, limit - 1 do
		if not composite[n] then
			found[#found + 1] = n
			for multiple = n * n, limit - 1, n do
				composite[multiple] = true
			end
		end
	end
	return found
end

return primes
