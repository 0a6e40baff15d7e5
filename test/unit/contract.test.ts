import { contract } from '../support/contract.ts'
import { fakeEngine } from '../support/fakeEngine.ts'

contract('the fake', fakeEngine)
