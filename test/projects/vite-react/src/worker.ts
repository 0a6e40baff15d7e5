import { Socket } from 'holdfast'
import { serveTabs } from 'holdfast/tabs'

serveTabs(new Socket(`ws://${location.host}/`))
